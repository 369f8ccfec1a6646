// truth: {"kind":["deadlock_cycle"],"waiting":["add","flush"],"holder":["Put","Evict"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type lru struct {
	sync.Mutex
	n int
}
type disk struct {
	sync.Mutex
	n int
}
type Cache struct {
	l lru
	d disk
}

func (l *lru) add()    { l.Lock(); l.n++; l.Unlock() }
func (d *disk) flush() { d.Lock(); defer d.Unlock(); d.n++ }
func (c *Cache) Put()  { c.d.Lock(); defer c.d.Unlock(); time.Sleep(20 * time.Millisecond); c.l.add() }
func (c *Cache) Evict() {
	c.l.Lock()
	defer c.l.Unlock()
	time.Sleep(20 * time.Millisecond)
	c.d.flush()
}
func main() {
	c := &Cache{}
	for _, f := range []func(){c.Put, c.Evict} {
		go f()
	}
	diag.Dump()
}
