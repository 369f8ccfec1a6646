// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Add","flush"],"holder":["Add"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type point struct {
	series string
	value  float64
}

type Buffer struct {
	mu      sync.Mutex
	pending chan point
	total   map[string]float64
}

func (b *Buffer) Add(p point) {
	b.mu.Lock()
	b.total[p.series] += p.value
	b.pending <- p
	b.mu.Unlock()
}

func (b *Buffer) flush() {
	b.mu.Lock()
	n := len(b.pending)
	b.mu.Unlock()
	for i := 0; i < n; i++ {
		<-b.pending
	}
}

func (b *Buffer) loop() {
	for {
		b.flush()
		time.Sleep(20 * time.Millisecond)
	}
}

func main() {
	b := &Buffer{pending: make(chan point, 64), total: map[string]float64{}}
	go b.loop()
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				b.Add(point{"cpu", 1})
			}
		}()
	}
	wg.Wait()
}
