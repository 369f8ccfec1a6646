// truth: {"kind":["pool_exhaustion"],"waiting":["Await","Submit","resolve"]}
package main

import (
	"net/http"
)

type Future[T any] struct{ c chan T }

func (f Future[T]) Await() T { return <-f.c }

type Pool struct{ jobs chan func() }

func NewPool(n int) *Pool {
	p := &Pool{jobs: make(chan func(), 64)}
	for i := 0; i < n; i++ {
		go p.worker()
	}
	return p
}

func (p *Pool) worker() {
	for j := range p.jobs {
		j()
	}
}

func Submit[T any](p *Pool, f func() T) Future[T] {
	r := Future[T]{make(chan T, 1)}
	p.jobs <- func() { r.c <- f() }
	return r
}

func resolve(p *Pool, depth int) int {
	if depth == 0 {
		return 1
	}
	a := Submit(p, func() int { return resolve(p, depth-1) })
	b := Submit(p, func() int { return resolve(p, depth-1) })
	return a.Await() + b.Await()
}

func main() {
	p := NewPool(6)
	go func() { _ = http.ListenAndServe("127.0.0.1:0", nil) }()
	roots := []Future[int]{}
	for i := 0; i < 6; i++ {
		roots = append(roots, Submit(p, func() int { return resolve(p, 4) }))
	}
	for _, r := range roots {
		r.Await()
	}
}
