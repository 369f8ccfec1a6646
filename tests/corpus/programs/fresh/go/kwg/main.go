// truth: {"kind":["stalled_holder","deadlock_cycle","channel_deadlock","lost_signal"],"waiting":["Stop","report","run"],"holder":["Stop"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Pool struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	done int
}

func (p *Pool) report() { p.mu.Lock(); defer p.mu.Unlock(); p.done++ }
func (p *Pool) run()    { defer p.wg.Done(); time.Sleep(20 * time.Millisecond); p.report() }
func (p *Pool) Stop()   { p.mu.Lock(); defer p.mu.Unlock(); p.wg.Wait() }
func main() {
	p := &Pool{}
	for i := 0; i < 5; i++ {
		p.wg.Add(1)
		go p.run()
	}
	go p.Stop()
	diag.Dump()
}
