// truth: {"kind":["orphaned_lock"],"waiting":["Add","Sum"],"holder_unknown":true}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Meter struct {
	mu sync.Mutex
	v  []int
}

func (m *Meter) Add(n int) bool {
	m.mu.Lock()
	if n < 0 {
		return false
	}
	m.v = append(m.v, n)
	m.mu.Unlock()
	return true
}
func (m *Meter) Sum() (s int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.v {
		s += n
	}
	return
}
func main() {
	m := &Meter{}
	m.Add(-1)
	for i := 0; i < 3; i++ {
		go m.Add(i)
	}
	go m.Sum()
	time.Sleep(time.Millisecond)
	diag.Dump()
}
