// truth: {"kind":["deadlock_cycle"],"waiting":["Size","Notify"],"holder":["Resize","Fire"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Listener interface{ Notify(int) }
type Sizer interface{ Size() int }
type Table struct {
	mu sync.RWMutex
	n  int
	l  Listener
}
type Bell struct {
	mu   sync.Mutex
	s    Sizer
	last int
}

func (t *Table) Size() int { t.mu.RLock(); defer t.mu.RUnlock(); return t.n }
func (t *Table) Resize(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n = n
	time.Sleep(20 * time.Millisecond)
	t.l.Notify(n)
}
func (b *Bell) Notify(n int) { b.mu.Lock(); defer b.mu.Unlock(); b.last = n }
func (b *Bell) Fire() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	return b.s.Size()
}
func main() {
	t := &Table{}
	b := &Bell{s: t}
	t.l = b
	go t.Resize(4)
	go b.Fire()
	diag.Dump()
}
