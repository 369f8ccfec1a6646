// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"fmt"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Cache struct {
	mu   sync.RWMutex
	data map[string]string
}

func (c *Cache) Get(k string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.data[k]
}

func (c *Cache) Refresh() {
	fresh := make(map[string]string, 1000)
	for i := 0; i < 1000; i++ {
		fresh[fmt.Sprint(i)] = "v"
	}
	time.Sleep(5 * time.Millisecond)
	c.mu.Lock()
	c.data = fresh
	c.mu.Unlock()
}

func main() {
	c := &Cache{data: map[string]string{}}
	for i := 0; i < 24; i++ {
		go func() {
			for k := 0; ; k++ {
				c.Get(fmt.Sprint(k % 1000))
				if k%100 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	for {
		c.Refresh()
	}
}
