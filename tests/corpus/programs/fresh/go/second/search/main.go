// truth: {"kind":["leak","channel_deadlock"],"waiting":["First","ask"]}
package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"time"

	_ "example.org/second/diag"
)

type answer struct{ from string }

func ask(replica string) answer {
	time.Sleep(2 * time.Millisecond)
	return answer{replica}
}

func First(ctx context.Context, replicas ...string) (answer, error) {
	c := make(chan answer)
	for _, r := range replicas {
		go func(r string) { c <- ask(r) }(r)
	}
	select {
	case a := <-c:
		return a, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { First(r.Context(), "a", "b", "c") }))
	for i := 0; i < 60; i++ {
		if r, err := http.Get(server.URL); err == nil {
			r.Body.Close()
		}
	}
	for range time.Tick(20 * time.Millisecond) {
		http.Get(server.URL)
	}
}
