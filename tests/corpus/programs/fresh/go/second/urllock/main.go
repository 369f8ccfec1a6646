// truth: {"kind":["deadlock_cycle","stalled_holder"],"waiting":["Acquire","Release"],"holder":["Acquire","fetch"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Locks struct {
	mu    sync.RWMutex
	byURL map[string]*sync.Mutex
}

func (l *Locks) Acquire(url string) {
	l.mu.Lock()
	m, ok := l.byURL[url]
	if !ok {
		m = &sync.Mutex{}
		l.byURL[url] = m
	}
	m.Lock()
	l.mu.Unlock()
}

func (l *Locks) Release(url string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if m, ok := l.byURL[url]; ok {
		m.Unlock()
	}
}

func fetch(l *Locks, url string) {
	l.Acquire(url)
	time.Sleep(10 * time.Millisecond)
	l.Release(url)
}

func main() {
	l := &Locks{byURL: map[string]*sync.Mutex{}}
	var wg sync.WaitGroup
	for i := 0; i < 5; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); fetch(l, "http://example.org/data.json") }()
	}
	wg.Wait()
}
