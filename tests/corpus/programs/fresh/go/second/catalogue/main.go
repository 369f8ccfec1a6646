// truth: {"kind":["orphaned_lock"],"waiting":["Find","Replace"],"holder_unknown":true}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Catalogue struct {
	lock  sync.RWMutex
	items map[string]int
}

func (c *Catalogue) Find(name string) (int, bool) {
	c.lock.RLock()
	v, ok := c.items[name]
	if !ok {
		return 0, false
	}
	c.lock.RUnlock()
	return v, true
}

func (c *Catalogue) Replace(items map[string]int) {
	c.lock.Lock()
	c.items = items
	c.lock.Unlock()
}

func serve(c *Catalogue, names []string) {
	for {
		for _, n := range names {
			c.Find(n)
		}
		time.Sleep(time.Millisecond)
	}
}

func main() {
	c := &Catalogue{items: map[string]int{"a": 1}}
	for i := 0; i < 10; i++ {
		go serve(c, []string{"a", "b"})
	}
	for range time.Tick(10 * time.Millisecond) {
		c.Replace(map[string]int{"a": 2})
	}
}
