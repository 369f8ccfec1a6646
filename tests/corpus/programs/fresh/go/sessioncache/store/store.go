package store

import (
	"sync"
	"time"
)

type Notifier interface{ Publish(id, what string) error }

type session struct{ seen time.Time }

type Store struct {
	sync.Mutex
	byID map[string]*session
	out  Notifier
}

func New(n Notifier) *Store { return &Store{byID: map[string]*session{}, out: n} }

func (s *Store) Put(id string) {
	s.Lock()
	defer s.Unlock()
	s.byID[id] = &session{time.Now()}
}

func (s *Store) Touch(id string) bool {
	s.Lock()
	defer s.Unlock()
	e, ok := s.byID[id]
	if ok {
		e.seen = time.Now()
	}
	return ok
}

func (s *Store) Expire(now time.Time) int {
	s.Lock()
	defer s.Unlock()
	return s.expireLocked(now)
}

func (s *Store) expireLocked(now time.Time) (n int) {
	for id, e := range s.byID {
		if now.Sub(e.seen) > 0 {
			time.Sleep(2 * time.Millisecond)
			if err := s.out.Publish(id, "expired"); err == nil {
				n++
			}
		}
	}
	return n
}
