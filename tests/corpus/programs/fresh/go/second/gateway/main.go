// truth: {"kind":["deadlock_cycle"],"waiting":["trip","observe","drop"],"holder":["Reload","Trip","Flush"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Routes struct {
	mu      sync.Mutex
	table   map[string]string
	breaker *Breaker
}

type Breaker struct {
	mu    sync.Mutex
	open  bool
	stats *Stats
}

type Stats struct {
	mu     sync.Mutex
	count  map[string]int
	routes *Routes
}

func (r *Routes) drop(host string) {
	r.mu.Lock()
	delete(r.table, host)
	r.mu.Unlock()
}

func (r *Routes) Reload() {
	r.mu.Lock()
	defer r.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	r.breaker.trip(false)
}

func (b *Breaker) trip(open bool) {
	b.mu.Lock()
	b.open = open
	b.mu.Unlock()
}

func (b *Breaker) Trip() {
	b.mu.Lock()
	defer b.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	b.open = true
	b.stats.observe("trip")
}

func (s *Stats) observe(what string) {
	s.mu.Lock()
	s.count[what]++
	s.mu.Unlock()
}

func (s *Stats) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	for host := range s.count {
		s.routes.drop(host)
	}
}

func main() {
	routes := &Routes{table: map[string]string{}}
	stats := &Stats{count: map[string]int{"x": 1}, routes: routes}
	breaker := &Breaker{stats: stats}
	routes.breaker = breaker
	for _, f := range []func(){routes.Reload, breaker.Trip, stats.Flush} {
		go func(f func()) {
			for {
				f()
			}
		}(f)
	}
	for range time.Tick(40 * time.Millisecond) {
		go stats.observe("tick")
	}
}
