// truth: {"kind":["none"]}
package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Board struct {
	mu      sync.Mutex
	changed chan struct{}
	version int
}

func (b *Board) wait(r *http.Request, since int) int {
	b.mu.Lock()
	c, v := b.changed, b.version
	b.mu.Unlock()
	if v > since {
		return v
	}
	select {
	case <-c:
		return v + 1
	case <-r.Context().Done():
		return v
	case <-time.After(30 * time.Second):
		return v
	}
}

func (b *Board) bump() {
	b.mu.Lock()
	b.version++
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
}

func main() {
	b := &Board{changed: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.wait(r, b.version) }))
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	for i := 0; i < 120; i++ {
		go func() {
			for {
				if r, err := client.Get(server.URL); err == nil {
					r.Body.Close()
				}
			}
		}()
	}
	for range time.Tick(700 * time.Millisecond) {
		b.bump()
	}
}
