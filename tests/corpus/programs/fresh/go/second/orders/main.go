// truth: {"kind":["pool_exhaustion"],"waiting":["conn","Place","stock"]}
package main

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"time"

	_ "example.org/second/diag"
	_ "example.org/second/fakedb"
)

type Shop struct{ db *sql.DB }

func (s *Shop) stock(ctx context.Context, item string) (int, error) {
	rows, err := s.db.QueryContext(ctx, "select")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	return 1, nil
}

func (s *Shop) Place(ctx context.Context, item string) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	time.Sleep(20 * time.Millisecond)
	if _, err := s.stock(ctx, item); err != nil {
		return err
	}
	return tx.Commit()
}

func main() {
	db, _ := sql.Open("fake", "0")
	db.SetMaxOpenConns(5)
	shop := &Shop{db}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { shop.Place(r.Context(), "x") }))
	for i := 0; i < 25; i++ {
		go http.Get(server.URL)
	}
	select {}
}
