// truth: {"kind":["pool_exhaustion","channel_deadlock"],"waiting":["enqueue","visit","worker"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type page struct{ depth int }

type Crawler struct {
	todo    chan page
	pending sync.WaitGroup
}

func (c *Crawler) enqueue(p page) {
	c.pending.Add(1)
	c.todo <- p
}

func (c *Crawler) visit(p page) {
	defer c.pending.Done()
	time.Sleep(time.Millisecond)
	if p.depth == 0 {
		return
	}
	for i := 0; i < 10; i++ {
		c.enqueue(page{p.depth - 1})
	}
}

func (c *Crawler) worker() {
	for p := range c.todo {
		c.visit(p)
	}
}

func main() {
	c := &Crawler{todo: make(chan page, 20)}
	for i := 0; i < 5; i++ {
		go c.worker()
	}
	c.enqueue(page{6})
	c.pending.Wait()
	close(c.todo)
}
