// truth: {"kind":["leak"],"waiting":["follow","Watch"]}
package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"time"

	_ "example.org/second/diag"
)

type Event struct{ n int }

type Watcher struct{ events chan Event }

func follow(ctx context.Context, w *Watcher) {
	for {
		select {
		case <-w.events:
		case <-ctx.Done():
			return
		}
	}
}

func Watch(key string) *Watcher {
	ctx, cancel := context.WithCancel(context.Background())
	_ = cancel // forgotten
	w := &Watcher{make(chan Event)}
	go follow(ctx, w)
	return w
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Watch(r.URL.Path) }))
	for i := 0; i < 250; i++ {
		if r, err := http.Get(server.URL); err == nil {
			r.Body.Close()
		}
	}
	for range time.Tick(20 * time.Millisecond) {
		http.Get(server.URL)
	}
}
