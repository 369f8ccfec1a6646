// truth: {"kind":["stalled_holder","lost_signal","deadlock_cycle"],"waiting":["reserve","Send","onAck"],"holder":["Send"]}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Window struct {
	mu   sync.Mutex
	room *sync.Cond
	left int
}

type Session struct {
	mu     sync.Mutex
	window *Window
	sent   int
}

func (w *Window) reserve(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.left < n {
		w.room.Wait()
	}
	w.left -= n
}

func (w *Window) grow(n int) {
	w.mu.Lock()
	w.left += n
	w.mu.Unlock()
	w.room.Broadcast()
}

func (s *Session) Send(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.reserve(n)
	s.sent += n
}

func (s *Session) onAck(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.grow(n)
}

func main() {
	w := &Window{left: 100}
	w.room = sync.NewCond(&w.mu)
	s := &Session{window: w}
	for i := 0; i < 5; i++ {
		go func() {
			for {
				s.Send(16)
			}
		}()
	}
	for range time.Tick(5 * time.Millisecond) {
		s.onAck(16)
	}
}
