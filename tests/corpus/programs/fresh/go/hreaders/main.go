// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"fmt"
	"sync"
	"time"
)

type routes struct {
	mu sync.RWMutex
	t  map[string]string
}

func (r *routes) Lookup(k string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.t[k]
}

func (r *routes) All() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make([]string, 0, len(r.t))
	for k, v := range r.t {
		out = append(out, k+v)
	}
	return out
}

func (r *routes) Replace(t map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, v := range t {
		r.t[k] = v
	}
}

func main() {
	r := &routes{t: map[string]string{}}
	for i := 0; i < 64; i++ {
		go func(i int) {
			for {
				_ = r.Lookup(fmt.Sprint(i))
				if i%8 == 0 {
					_ = r.All()
				}
			}
		}(i)
	}
	for n := 0; ; n++ {
		t := map[string]string{}
		for i := 0; i < 2000; i++ {
			t[fmt.Sprint(i)] = fmt.Sprint(n)
		}
		r.Replace(t)
		time.Sleep(5 * time.Millisecond)
	}
}
