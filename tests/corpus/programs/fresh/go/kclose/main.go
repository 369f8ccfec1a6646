// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Close","next","loop"],"holder":["Close"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Stream struct {
	mu   sync.Mutex
	done chan struct{}
	seq  int
}

func (s *Stream) next() int { s.mu.Lock(); defer s.mu.Unlock(); s.seq++; return s.seq }
func (s *Stream) loop() {
	for {
		select {
		case <-s.done:
			return
		default:
		}
		s.next()
		time.Sleep(time.Millisecond)
	}
}
func (s *Stream) Close() { s.mu.Lock(); defer s.mu.Unlock(); s.done <- struct{}{} }
func main() {
	s := &Stream{done: make(chan struct{})}
	go s.loop()
	time.Sleep(5 * time.Millisecond)
	go s.Close()
	diag.Dump()
}
