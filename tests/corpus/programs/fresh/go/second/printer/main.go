// truth: {"kind":["lock_convoy","contention","stalled_holder"],"waiting":["Print"],"no_deadlock":true}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Printer struct {
	mu    sync.Mutex
	pages int
}

func (p *Printer) Print() {
	p.mu.Lock()
	defer p.mu.Unlock()
	time.Sleep(3 * time.Millisecond) // one page
	p.pages++
}

func main() {
	p := &Printer{}
	for i := 0; i < 30; i++ {
		go func() {
			for {
				p.Print()
			}
		}()
	}
	select {}
}
