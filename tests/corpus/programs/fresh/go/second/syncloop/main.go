// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Update","remove","Get"],"holder":["Update"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type status struct {
	pod   string
	phase string
}

type manager struct {
	lock    sync.RWMutex
	known   map[string]string
	updates chan status
}

func (m *manager) Update(s status) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.known[s.pod] == s.phase {
		return
	}
	m.known[s.pod] = s.phase
	m.updates <- s
}

func (m *manager) remove(pod string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	delete(m.known, pod)
}

func (m *manager) Get(pod string) string {
	m.lock.RLock()
	defer m.lock.RUnlock()
	return m.known[pod]
}

func (m *manager) sync() {
	tick := time.NewTicker(10 * time.Millisecond)
	for {
		select {
		case s := <-m.updates:
			time.Sleep(3 * time.Millisecond)
			if s.phase == "gone" {
				m.remove(s.pod)
			}
		case <-tick.C:
		}
	}
}

func main() {
	m := &manager{known: map[string]string{}, updates: make(chan status, 10)}
	go m.sync()
	for w := 0; w < 6; w++ {
		go func() {
			for i := 0; ; i++ {
				m.Update(status{"p", []string{"up", "gone"}[i%2]})
			}
		}()
	}
	for range time.Tick(100 * time.Millisecond) {
		m.Get("p")
	}
}
