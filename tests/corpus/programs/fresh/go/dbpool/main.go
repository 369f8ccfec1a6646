// truth: {"kind":["pool_exhaustion"],"waiting":["conn","Query","InTx"]}
package main

import (
	"context"
	"net/http"
	"time"

	"example.org/held/dbpool/pool"
)

func order(ctx context.Context, db *pool.DB) error {
	return db.InTx(ctx, func(c *pool.Conn) error {
		time.Sleep(20 * time.Millisecond)
		return db.Query(ctx, "select price")
	})
}

func main() {
	db := pool.Open(5)
	for i := 0; i < 40; i++ {
		go order(context.Background(), db)
	}
	_ = http.ListenAndServe("127.0.0.1:0", nil)
}
