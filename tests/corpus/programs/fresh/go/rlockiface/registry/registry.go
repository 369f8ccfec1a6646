package registry

import "sync"

type Visitor interface{ Visit(name string) }

type Registry struct {
	lock  sync.RWMutex
	items map[string]int
}

func New() *Registry { return &Registry{items: map[string]int{}} }

func (r *Registry) Walk(v Visitor) {
	r.lock.RLock()
	defer r.lock.RUnlock()
	for n := range r.items {
		v.Visit(n)
	}
}

func (r *Registry) Get(n string) (int, bool) {
	r.lock.RLock()
	defer r.lock.RUnlock()
	x, ok := r.items[n]
	return x, ok
}

func (r *Registry) Register(n string, v int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.items[n] = v
}
