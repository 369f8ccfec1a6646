package guarded

import "sync"

// Guarded is a value that is only reached under its lock.
type Guarded[T any] struct {
	mu sync.Mutex
	v  T
}

func Of[T any](v T) *Guarded[T] { return &Guarded[T]{v: v} }

func (g *Guarded[T]) With(f func(*T)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.v)
}
