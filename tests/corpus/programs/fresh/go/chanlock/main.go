// truth: {"kind":["channel_deadlock"],"waiting":["Emit","forget","Count"],"holder":["Emit"]}
package main

import (
	"net"
	"sync"
)

type Event struct{ id int }

type Bus struct {
	mu     sync.Mutex
	events chan Event
	live   map[int]bool
}

func NewBus() *Bus { return &Bus{events: make(chan Event, 4), live: map[int]bool{}} }

func (b *Bus) Emit(id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live[id] = true
	b.events <- Event{id}
}

func (b *Bus) forget(e Event) {
	b.mu.Lock()
	delete(b.live, e.id)
	b.mu.Unlock()
}

func (b *Bus) Count() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.live) }

func (b *Bus) loop() {
	for e := range b.events {
		b.forget(e)
	}
}

func main() {
	b := NewBus()
	go b.loop()
	for p := 0; p < 10; p++ {
		go func(p int) {
			for i := 0; ; i++ {
				b.Emit(p*1000 + i)
			}
		}(p)
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() { _ = b.Count(); c.Close() }()
	}
}
