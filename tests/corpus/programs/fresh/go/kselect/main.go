// truth: {"kind":["stalled_holder","channel_deadlock"],"waiting":["Get","put"],"holder":["Get"]}
package main

import (
	"context"
	"sync"
	"time"

	"example.org/held/diag"
)

type Pool struct {
	mu   sync.Mutex
	idle chan int
}

func (p *Pool) Get(ctx context.Context) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case c := <-p.idle:
		return c
	case <-ctx.Done():
		return -1
	}
}
func (p *Pool) put(c int) { p.mu.Lock(); defer p.mu.Unlock(); p.idle <- c }
func main() {
	p := &Pool{idle: make(chan int, 1)}
	go p.Get(context.Background())
	time.Sleep(10 * time.Millisecond)
	for i := 0; i < 4; i++ {
		go p.put(i)
	}
	diag.Dump()
}
