// truth: {"kind":["lock_convoy","contention"],"waiting":["Observe"],"no_deadlock":true}
package main

import (
	"encoding/json"
	"fmt"
	"sync"
)

type Histogram struct {
	mu   sync.Mutex
	vals map[string][]float64
	last []byte
}

func (h *Histogram) Observe(k string, v float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := append(h.vals[k], v)
	if len(s) > 2000 {
		s = s[:100]
	}
	h.vals[k] = s
	h.last, _ = json.Marshal(h.vals)
}

func main() {
	h := &Histogram{vals: map[string][]float64{}}
	for i := 0; i < 60; i++ {
		go func(i int) {
			for n := 0; ; n++ {
				h.Observe(fmt.Sprint("route", i%7), float64(n))
			}
		}(i)
	}
	select {}
}
