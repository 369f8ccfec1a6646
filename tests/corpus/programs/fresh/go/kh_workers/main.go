// truth: {"kind":["none"]}
package main

import (
	"sync"

	"example.org/held/diag"
)

type job func()
type Pool struct {
	q  chan job
	wg sync.WaitGroup
}

func (p *Pool) worker() {
	defer p.wg.Done()
	for j := range p.q {
		j()
	}
}
func (p *Pool) Close() { close(p.q); p.wg.Wait() }
func main() {
	p := &Pool{q: make(chan job)}
	for i := 0; i < 4; i++ {
		p.wg.Add(1)
		go p.worker()
	}
	go p.wg.Wait()
	diag.Dump()
}
