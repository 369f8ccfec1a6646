// truth: {"kind":["none"]}
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type balancer struct {
	mu      sync.RWMutex
	targets []*httputil.ReverseProxy
	next    int
}

func (b *balancer) pick() *httputil.ReverseProxy {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.targets[b.next%len(b.targets)]
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.pick().ServeHTTP(w, r) }

func main() {
	b := &balancer{}
	for i := 0; i < 3; i++ {
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(8 * time.Millisecond)
			fmt.Fprintln(w, "hi")
		}))
		u, _ := url.Parse(backend.URL)
		b.targets = append(b.targets, httputil.NewSingleHostReverseProxy(u))
	}
	front := httptest.NewServer(b)
	for i := 0; i < 30; i++ {
		go func() {
			for {
				if r, err := http.Get(front.URL); err == nil {
					r.Body.Close()
				}
			}
		}()
	}
	select {}
}
