// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"sync"

	"example.org/held/diag"
)

type Counter struct {
	mu sync.Mutex
	n  map[int]int
}

func (c *Counter) Inc(k int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 0; i < 2000; i++ {
		c.n[k%97] += i
	}
}
func main() {
	c := &Counter{n: map[int]int{}}
	for i := 0; i < 3; i++ {
		go func(i int) {
			for {
				c.Inc(i)
			}
		}(i)
	}
	diag.Dump()
}
