// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"hash/fnv"
	"math/rand"
	"sync"
	"time"
)

type shard struct {
	mu sync.Mutex
	m  map[uint32]int
}

type Map struct{ shards [4]shard }

func (m *Map) at(k string) (*shard, uint32) {
	h := fnv.New32()
	h.Write([]byte(k))
	n := h.Sum32()
	return &m.shards[n%4], n
}

func (m *Map) Incr(k string) int {
	s, n := m.at(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[n]++
	return s.m[n]
}

func request(m *Map, r *rand.Rand) {
	b := make([]byte, 4)
	r.Read(b)
	m.Incr(string(b))
	if r.Intn(20) == 0 {
		time.Sleep(time.Millisecond)
	}
}

func main() {
	m := &Map{}
	for i := range m.shards {
		m.shards[i].m = map[uint32]int{}
	}
	for i := 0; i < 50; i++ {
		go func(i int) {
			r := rand.New(rand.NewSource(int64(i)))
			for {
				request(m, r)
			}
		}(i)
	}
	select {}
}
