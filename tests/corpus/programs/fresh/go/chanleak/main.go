// truth: {"kind":["leak","channel_deadlock"],"waiting":["query"],"largest_group":300}
package main

import (
	"context"
	"errors"
	"net/http"
	"time"
)

type row struct{ id int }

func query(id int, out chan<- row) {
	time.Sleep(30 * time.Millisecond)
	out <- row{id}
}

func fetch(ctx context.Context, id int) (row, error) {
	out := make(chan row)
	go query(id, out)
	select {
	case r := <-out:
		return r, nil
	case <-ctx.Done():
		return row{}, errors.New("timeout")
	}
}

func main() {
	for i := 0; i < 300; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
		_, _ = fetch(ctx, i)
		cancel()
	}
	_ = http.ListenAndServe("127.0.0.1:0", nil)
}
