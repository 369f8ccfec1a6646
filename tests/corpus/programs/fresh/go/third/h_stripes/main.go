// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	_ "example.org/third/diag"
)

type stripe struct {
	sync.RWMutex
	m map[string]int
}

type Map struct{ stripes [8]stripe }

func (m *Map) of(key string) *stripe {
	h := fnv.New32a()
	h.Write([]byte(key))
	return &m.stripes[h.Sum32()%8]
}

func (m *Map) Add(key string) {
	s := m.of(key)
	s.Lock()
	defer s.Unlock()
	s.m[key]++
}

func (m *Map) Get(key string) int {
	s := m.of(key)
	s.RLock()
	defer s.RUnlock()
	return s.m[key]
}

func main() {
	m := &Map{}
	for i := range m.stripes {
		m.stripes[i].m = map[string]int{}
	}
	for i := 0; i < 32; i++ {
		go func(i int) {
			for k := 0; ; k++ {
				key := fmt.Sprint(k % 50)
				if k%5 == 0 {
					m.Add(key)
				} else {
					m.Get(key)
				}
				if k%64 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}(i)
	}
	select {}
}
