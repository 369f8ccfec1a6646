// truth: {"kind":["deadlock_cycle"],"waiting":["note"],"holder":["visit"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type site struct {
	mu sync.Mutex
	n  int
}

func (s *site) note() { s.mu.Lock(); s.n++; s.mu.Unlock() }
func (s *site) visit(other *site) {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(30 * time.Millisecond)
	other.note()
}
func main() {
	a, b, c := &site{}, &site{}, &site{}
	go a.visit(b)
	go b.visit(c)
	go c.visit(a)
	diag.Dump()
}
