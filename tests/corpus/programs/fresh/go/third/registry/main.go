// truth: {"kind":["recursive_read_lock"],"waiting":["String","Set"],"holder":["Report"]}
package main

import (
	"bytes"
	"fmt"
	"log"
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Registry struct {
	mu     sync.RWMutex
	values map[string]int
	out    *log.Logger
}

func (r *Registry) String() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return fmt.Sprint(len(r.values), " values")
}

func (r *Registry) Report() {
	r.mu.RLock()
	defer r.mu.RUnlock()
	time.Sleep(3 * time.Millisecond)
	r.out.Printf("state: %v", r)
}

func (r *Registry) Set(name string, v int) {
	r.mu.Lock()
	r.values[name] = v
	r.mu.Unlock()
}

func main() {
	r := &Registry{values: map[string]int{}, out: log.New(&bytes.Buffer{}, "", 0)}
	go func() {
		for {
			r.Report()
		}
	}()
	for i := 0; ; i++ {
		time.Sleep(time.Millisecond)
		r.Set("n", i)
	}
}
