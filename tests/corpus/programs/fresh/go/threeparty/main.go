// truth: {"kind":["deadlock_cycle","recursive_read_lock"],"waiting":["current","apply","acquire"],"holder":["render","reload","acquire"]}
package main

import (
	"sync"
	"time"
)

type config struct {
	sync.RWMutex
	limit int
}

type limiter struct {
	mu   sync.Mutex
	used int
	cfg  *config
}

func (c *config) current() int { c.RLock(); defer c.RUnlock(); return c.limit }

func (c *config) apply(n int) { c.Lock(); c.limit = n; c.Unlock() }

// acquire holds mu and asks the configuration.
func (l *limiter) acquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	time.Sleep(30 * time.Millisecond)
	if l.used < l.cfg.current() {
		l.used++
		return true
	}
	return false
}

func (l *limiter) usage() int { l.mu.Lock(); defer l.mu.Unlock(); return l.used }

// render holds the configuration for reading and asks the limiter.
func render(c *config, l *limiter) string {
	c.RLock()
	defer c.RUnlock()
	time.Sleep(10 * time.Millisecond)
	if l.usage() > c.limit {
		return "over"
	}
	return "ok"
}

func main() {
	c := &config{limit: 3}
	l := &limiter{cfg: c}
	go func() { time.Sleep(20*time.Millisecond); c.apply(4) }()
	go func() { time.Sleep(15*time.Millisecond); l.acquire() }()
	go func() { time.Sleep(12*time.Millisecond); render(c, l) }()
	time.Sleep(100 * time.Millisecond)
	for i := 0; i < 5; i++ {
		go func() { _ = c.current() }()
	}
	time.Sleep(time.Hour)
}
