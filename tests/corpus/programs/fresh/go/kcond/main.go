// truth: {"kind":["stalled_holder","lost_signal","deadlock_cycle"],"waiting":["Flush","Ack","wait"],"holder":["Flush"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type window struct {
	mu   sync.Mutex
	c    *sync.Cond
	free int
}

func (w *window) wait() {
	w.mu.Lock()
	for w.free == 0 {
		w.c.Wait()
	}
	w.mu.Unlock()
}
func (w *window) open() { w.mu.Lock(); w.free++; w.mu.Unlock(); w.c.Signal() }

type Conn struct {
	wmu sync.Mutex
	w   window
}

func (c *Conn) Flush() { c.wmu.Lock(); defer c.wmu.Unlock(); c.w.wait() }
func (c *Conn) Ack()   { c.wmu.Lock(); defer c.wmu.Unlock(); c.w.open() }
func main() {
	c := &Conn{}
	c.w.c = sync.NewCond(&c.w.mu)
	go c.Flush()
	time.Sleep(20 * time.Millisecond)
	for i := 0; i < 3; i++ {
		go c.Ack()
	}
	diag.Dump()
}
