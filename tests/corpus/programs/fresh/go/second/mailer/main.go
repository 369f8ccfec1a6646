// truth: {"kind":["lost_signal","leak"],"waiting":["Next"]}
package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	mails []string
	shut  bool
}

func NewQueue() *Queue {
	q := &Queue{}
	q.ready = sync.NewCond(&q.mu)
	return q
}

func (q *Queue) Put(m string) {
	q.mu.Lock()
	q.mails = append(q.mails, m)
	q.mu.Unlock()
	q.ready.Signal()
}

func (q *Queue) Next() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.mails) == 0 && !q.shut {
		q.ready.Wait()
	}
	if q.shut {
		return "", false
	}
	m := q.mails[0]
	q.mails = q.mails[1:]
	return m, true
}

func (q *Queue) Shut() {
	q.mu.Lock()
	q.shut = true
	q.mu.Unlock()
	q.ready.Signal() // wakes one of six
}

func main() {
	q := NewQueue()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { q.Put(r.URL.Path) }))
	var workers sync.WaitGroup
	for i := 0; i < 6; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				if _, ok := q.Next(); !ok {
					return
				}
			}
		}()
	}
	for i := 0; i < 5; i++ {
		if r, err := http.Get(server.URL + "/m"); err == nil {
			r.Body.Close()
		}
	}
	time.Sleep(50 * time.Millisecond)
	server.Close()
	q.Shut()
	workers.Wait()
}
