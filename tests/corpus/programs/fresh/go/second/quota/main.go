// truth: {"kind":["orphaned_lock"],"waiting":["Take","Left"],"holder_unknown":true}
package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	_ "example.org/second/diag"
)

var errSpent = errors.New("spent")

type Quota struct {
	mu   sync.Mutex
	left map[string]int
}

func (q *Quota) Take(user string, n int) error {
	q.mu.Lock()
	if q.left[user] < n {
		return errSpent
	}
	q.left[user] -= n
	q.mu.Unlock()
	return nil
}

func (q *Quota) Left(user string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left[user]
}

func main() {
	q := &Quota{left: map[string]int{"u": 3}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q.Take("u", 1) != nil {
			http.Error(w, "no", 429)
		}
	}))
	for i := 0; i < 14; i++ {
		go http.Get(server.URL)
	}
	for range time.Tick(50 * time.Millisecond) {
		q.Left("u")
	}
}
