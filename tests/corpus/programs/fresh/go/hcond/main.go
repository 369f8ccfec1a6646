// truth: {"kind":["none"]}
package main

import (
	"net"
	"sync"
)

type Queue[T any] struct {
	mu   sync.Mutex
	cond sync.Cond
	q    []T
}

func NewQueue[T any]() *Queue[T] { q := &Queue[T]{}; q.cond.L = &q.mu; return q }

func (q *Queue[T]) Put(v T) { q.mu.Lock(); q.q = append(q.q, v); q.mu.Unlock(); q.cond.Signal() }

func (q *Queue[T]) Get() T {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.q) == 0 {
		q.cond.Wait()
	}
	v := q.q[0]
	q.q = q.q[1:]
	return v
}

func main() {
	q := NewQueue[net.Conn]()
	for i := 0; i < 10; i++ {
		go func() {
			for {
				q.Get().Close()
			}
		}()
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		q.Put(c)
	}
}
