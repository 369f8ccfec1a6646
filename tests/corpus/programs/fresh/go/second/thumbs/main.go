// truth: {"kind":["pool_exhaustion"],"waiting":["acquire","Layer","Render"]}
package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"time"

	_ "example.org/second/diag"
)

type limiter chan struct{}

func (l limiter) acquire(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (l limiter) release() { <-l }

type Renderer struct{ cpu limiter }

func (r *Renderer) Layer(ctx context.Context, n int) error {
	if err := r.cpu.acquire(ctx); err != nil {
		return err
	}
	defer r.cpu.release()
	time.Sleep(time.Millisecond)
	return nil
}

func (r *Renderer) Render(ctx context.Context) error {
	if err := r.cpu.acquire(ctx); err != nil {
		return err
	}
	defer r.cpu.release()
	time.Sleep(20 * time.Millisecond)
	for i := 0; i < 3; i++ {
		if err := r.Layer(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	r := &Renderer{cpu: make(limiter, 8)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.Render(q.Context()) }))
	for i := 0; i < 20; i++ {
		go http.Get(server.URL)
	}
	select {}
}
