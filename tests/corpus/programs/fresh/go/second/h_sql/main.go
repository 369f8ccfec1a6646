// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"

	_ "example.org/second/diag"
	_ "example.org/second/fakedb"
)

type Repo struct{ db *sql.DB }

func (r *Repo) Names(ctx context.Context) error {
	rows, err := r.db.QueryContext(ctx, "select")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func (r *Repo) Save(ctx context.Context) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "insert"); err != nil {
		return err
	}
	return tx.Commit()
}

func main() {
	db, _ := sql.Open("fake", "4")
	db.SetMaxOpenConns(4)
	repo := &Repo{db}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repo.Names(r.Context())
		repo.Save(r.Context())
	}))
	for i := 0; i < 16; i++ {
		go func() {
			for {
				if r, err := http.Get(server.URL); err == nil {
					r.Body.Close()
				}
			}
		}()
	}
	select {}
}
