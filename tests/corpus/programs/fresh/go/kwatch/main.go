// truth: {"kind":["recursive_lock"],"waiting":["drop"],"holder":["Remove"]}
package main

import (
	"sync"

	"example.org/held/diag"
)

type watcher struct {
	c  *Cluster
	id int
}
type Cluster struct {
	mu sync.Mutex
	ws map[int]*watcher
}

func (w *watcher) cancel()     { w.c.drop(w.id) }
func (c *Cluster) drop(id int) { c.mu.Lock(); defer c.mu.Unlock(); delete(c.ws, id) }
func (c *Cluster) Remove()     { c.mu.Lock(); defer c.mu.Unlock(); c.cancelAll() }
func (c *Cluster) cancelAll() {
	for _, w := range c.ws {
		w.cancel()
	}
}
func main() {
	c := &Cluster{ws: map[int]*watcher{}}
	c.ws[1] = &watcher{c, 1}
	go c.Remove()
	diag.Dump()
}
