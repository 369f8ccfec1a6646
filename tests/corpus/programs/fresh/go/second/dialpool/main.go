// truth: {"kind":["pool_exhaustion","lost_signal"],"waiting":["Get","Copy"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type conn struct{ id int }

type Pool struct {
	mu   sync.Mutex
	free []*conn
	back *sync.Cond
}

func New(n int) *Pool {
	p := &Pool{}
	p.back = sync.NewCond(&p.mu)
	for i := 0; i < n; i++ {
		p.free = append(p.free, &conn{i})
	}
	return p
}

func (p *Pool) Get() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.free) == 0 {
		p.back.Wait()
	}
	c := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return c
}

func (p *Pool) Put(c *conn) {
	p.mu.Lock()
	p.free = append(p.free, c)
	p.mu.Unlock()
	p.back.Signal()
}

func Copy(p *Pool) {
	from := p.Get()
	defer p.Put(from)
	time.Sleep(10 * time.Millisecond)
	to := p.Get()
	defer p.Put(to)
}

func main() {
	p := New(4)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() { defer all.Done(); Copy(p) }()
	}
	all.Wait()
}
