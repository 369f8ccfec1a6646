// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["keepalive","NewStream"],"holder":["keepalive"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type stream struct{ id uint32 }

type clientTransport struct {
	mu     sync.Mutex
	active map[uint32]*stream
	awake  chan struct{}
	next   uint32
}

func (t *clientTransport) keepalive() {
	timer := time.NewTimer(5 * time.Millisecond)
	for {
		<-timer.C
		t.mu.Lock()
		if len(t.active) == 0 {
			<-t.awake // dormant until a stream comes
		}
		t.mu.Unlock()
		timer.Reset(5 * time.Millisecond)
	}
}

func (t *clientTransport) NewStream() *stream {
	t.mu.Lock()
	t.next++
	s := &stream{t.next}
	if len(t.active) == 0 {
		select {
		case t.awake <- struct{}{}:
		default:
		}
	}
	t.active[s.id] = s
	t.mu.Unlock()
	return s
}

func main() {
	t := &clientTransport{active: map[uint32]*stream{}, awake: make(chan struct{}, 1)}
	go t.keepalive()
	time.Sleep(50 * time.Millisecond)
	var calls sync.WaitGroup
	for i := 0; i < 3; i++ {
		calls.Add(1)
		go func() { defer calls.Done(); t.NewStream() }()
	}
	calls.Wait()
}
