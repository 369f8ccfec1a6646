// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["distribute","Remove"],"holder":["distribute"]}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

type event struct{ key string }

type listener struct {
	add  chan event
	stop chan struct{}
}

type processor struct {
	lock      sync.RWMutex
	listeners []*listener
}

func (l *listener) run() {
	for {
		select {
		case <-l.stop:
			return
		case <-l.add:
		}
	}
}

func (p *processor) distribute(e event) {
	p.lock.RLock()
	defer p.lock.RUnlock()
	for _, l := range p.listeners {
		l.add <- e
	}
}

func (p *processor) Remove(l *listener) {
	close(l.stop)
	time.Sleep(5 * time.Millisecond)
	p.lock.Lock()
	defer p.lock.Unlock()
	for i, x := range p.listeners {
		if x == l {
			p.listeners = append(p.listeners[:i], p.listeners[i+1:]...)
			return
		}
	}
}

func main() {
	p := &processor{}
	for i := 0; i < 4; i++ {
		l := &listener{make(chan event), make(chan struct{})}
		p.listeners = append(p.listeners, l)
		go l.run()
	}
	go func() {
		for {
			p.distribute(event{"pod"})
		}
	}()
	time.Sleep(20 * time.Millisecond)
	p.Remove(p.listeners[2])
}
