// truth: {"kind":["deadlock_cycle","recursive_read_lock"],"waiting":["Frozen","destroy","sendQueued","Lease"],"holder":["Tick","Destroy"]}
package main

import (
	"time"

	"sync"

	_ "example.org/second/diag"
)

type Store struct {
	sync.RWMutex
	replicas map[int]*Replica
}

type Replica struct {
	state struct {
		sync.RWMutex
		frozen bool
	}
	store *Store
	id    int
}

func (r *Replica) Frozen() bool {
	r.state.RLock()
	defer r.state.RUnlock()
	return r.state.frozen
}

func (s *Store) Tick() (n int) {
	s.RLock()
	defer s.RUnlock()
	time.Sleep(5 * time.Millisecond)
	for _, r := range s.replicas {
		if r.Frozen() {
			n++
		}
	}
	return n
}

func (s *Store) destroy(id int) {
	s.Lock()
	defer s.Unlock()
	delete(s.replicas, id)
}

func (r *Replica) Destroy() {
	r.state.Lock()
	defer r.state.Unlock()
	time.Sleep(5 * time.Millisecond)
	r.store.destroy(r.id)
}

func (s *Store) Lease(id int) bool {
	s.RLock()
	defer s.RUnlock()
	return s.replicas[id] != nil
}

func main() {
	s := &Store{replicas: map[int]*Replica{}}
	r := &Replica{store: s, id: 7}
	s.replicas[7] = r
	go func() {
		for {
			s.Tick()
		}
	}()
	time.Sleep(12 * time.Millisecond)
	go r.Destroy()
	for range time.Tick(50 * time.Millisecond) {
		go s.Lease(3)
	}
}
