// truth: {"kind":["deadlock_cycle","recursive_read_lock","stalled_holder"],"waiting":["Range","Delete","purge"],"holder":["Range","purge"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Shard struct {
	sync.RWMutex
	m map[int]int
}
type Map struct {
	mu sync.Mutex
	s  Shard
}

func (m *Map) Range(f func(int)) {
	m.s.RLock()
	defer m.s.RUnlock()
	for k := range m.s.m {
		f(k)
	}
}
func (m *Map) Delete(k int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	m.s.Lock()
	delete(m.s.m, k)
	m.s.Unlock()
}
func (m *Map) touch(int) { m.mu.Lock(); m.mu.Unlock() }
func (m *Map) purge()    { m.Range(func(k int) { time.Sleep(20 * time.Millisecond); m.touch(k) }) }
func main()              { m := &Map{}; m.s.m = map[int]int{1: 1, 2: 2}; go m.purge(); go m.Delete(1); diag.Dump() }
