// truth: {"kind":["pool_exhaustion","lost_signal"],"waiting":["All","build"]}
package main

import (
	"sync"

	_ "example.org/third/diag"
)

type Pool struct{ tasks chan func() }

func New(n int) *Pool {
	p := &Pool{tasks: make(chan func(), 1000)}
	for i := 0; i < n; i++ {
		go p.work()
	}
	return p
}

func (p *Pool) work() {
	for t := range p.tasks {
		t()
	}
}

// All runs the tasks in the pool and waits for them.
func (p *Pool) All(tasks ...func()) {
	var wg sync.WaitGroup
	for _, t := range tasks {
		t := t
		wg.Add(1)
		p.tasks <- func() { defer wg.Done(); t() }
	}
	wg.Wait()
}

func build(p *Pool, depth int) {
	if depth > 0 {
		p.All(func() { build(p, depth-1) }, func() { build(p, depth-1) })
	}
}

func main() {
	p := New(4)
	p.All(func() { build(p, 3) }, func() { build(p, 3) }, func() { build(p, 3) })
}
