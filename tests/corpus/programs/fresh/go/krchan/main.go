// truth: {"kind":["channel_deadlock","stalled_holder","recursive_read_lock","deadlock_cycle"],"waiting":["Publish","consume","Subscribe"],"holder":["Publish"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Topic struct {
	mu   sync.RWMutex
	subs []chan int
	seen int
}

func (t *Topic) Publish(v int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	time.Sleep(20 * time.Millisecond)
	for _, s := range t.subs {
		s <- v
	}
}
func (t *Topic) Subscribe(c chan int) { t.mu.Lock(); defer t.mu.Unlock(); t.subs = append(t.subs, c) }
func (t *Topic) count() int           { t.mu.RLock(); defer t.mu.RUnlock(); return len(t.subs) }
func (t *Topic) consume(c chan int) {
	for {
		time.Sleep(30 * time.Millisecond)
		_ = t.count()
		<-c
	}
}
func main() {
	t := &Topic{}
	c := make(chan int)
	t.Subscribe(c)
	go t.consume(c)
	go t.Publish(3)
	time.Sleep(10 * time.Millisecond)
	go t.Subscribe(make(chan int))
	diag.Dump()
}
