// truth: {"kind":["recursive_read_lock"],"waiting":["lag","promote"],"holder":["status"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Peer struct {
	id int
	mu sync.RWMutex
	at int
}

func (p *Peer) lag() int { p.mu.RLock(); defer p.mu.RUnlock(); return p.at }
func (p *Peer) status() (int, int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	time.Sleep(40 * time.Millisecond)
	return p.id, p.lag()
}
func (p *Peer) promote() { p.mu.Lock(); p.at++; p.mu.Unlock() }
func main() {
	p := &Peer{}
	go p.status()
	go func() { time.Sleep(10 * time.Millisecond); p.promote() }()
	diag.Dump()
}
