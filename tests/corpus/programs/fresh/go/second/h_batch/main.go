// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Batcher struct {
	in      chan int
	mu      sync.Mutex
	written int
}

func (b *Batcher) write(batch []int) {
	time.Sleep(5 * time.Millisecond) // the disk
	b.mu.Lock()
	b.written += len(batch)
	b.mu.Unlock()
}

func (b *Batcher) run() {
	var batch []int
	tick := time.NewTicker(20 * time.Millisecond)
	for {
		select {
		case x := <-b.in:
			if batch = append(batch, x); len(batch) < 50 {
				continue
			}
		case <-tick.C:
		}
		b.write(batch)
		batch = batch[:0]
	}
}

func (b *Batcher) Put(x int) { b.in <- x }

func main() {
	b := &Batcher{in: make(chan int, 32)}
	go b.run()
	for i := 0; i < 25; i++ {
		go func() {
			for x := 0; ; x++ {
				b.Put(x)
			}
		}()
	}
	select {}
}
