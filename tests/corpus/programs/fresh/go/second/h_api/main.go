// truth: {"kind":["none"]}
package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *Counter) Add(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[path]++
	return c.n[path]
}

func main() {
	c := &Counter{n: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(4 * time.Millisecond)
		json.NewEncoder(w).Encode(c.Add(r.URL.Path))
	}))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 40}}
	for i := 0; i < 40; i++ {
		go func() {
			for {
				if r, err := client.Get(server.URL + "/x"); err == nil {
					var n int
					json.NewDecoder(r.Body).Decode(&n)
					r.Body.Close()
				}
			}
		}()
	}
	select {}
}
