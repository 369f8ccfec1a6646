// truth: {"kind":["none"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type WorkQueue struct {
	cond  *sync.Cond
	items []string
}

func (q *WorkQueue) Add(s string) {
	q.cond.L.Lock()
	defer q.cond.L.Unlock()
	q.items = append(q.items, s)
	q.cond.Signal()
}

func (q *WorkQueue) Get() string {
	q.cond.L.Lock()
	defer q.cond.L.Unlock()
	for len(q.items) == 0 {
		q.cond.Wait()
	}
	s := q.items[0]
	q.items = q.items[1:]
	return s
}

type Controller struct{ queue *WorkQueue }

func (c *Controller) worker() {
	for {
		_ = c.queue.Get()
	}
}

func (c *Controller) resync(every time.Duration) {
	for range time.Tick(every) {
		c.queue.Add("all")
	}
}

func main() {
	c := &Controller{&WorkQueue{cond: sync.NewCond(&sync.Mutex{})}}
	for i := 0; i < 10; i++ {
		go c.worker()
	}
	go c.resync(30 * time.Millisecond)
	select {}
}
