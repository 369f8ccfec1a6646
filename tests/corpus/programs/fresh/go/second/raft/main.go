// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Advance","Status","apply"],"holder":["apply"]}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type ready struct{ index int }

type node struct {
	readyc, advancec chan ready
	stop             chan struct{}
}

func (n *node) run() {
	for i := 0; ; i++ {
		select {
		case n.readyc <- ready{i}:
		case <-n.stop:
			return
		}
		select {
		case <-n.advancec:
		case <-n.stop:
			return
		}
	}
}

func (n *node) Advance(r ready) { n.advancec <- r }

type Server struct {
	mu      sync.RWMutex
	applied int
	node    *node
}

func (s *Server) apply(r ready) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied = r.index
	time.Sleep(5 * time.Millisecond)
	s.node.Advance(r)
}

func (s *Server) loop() {
	for r := range s.node.readyc {
		s.apply(r)
	}
}

func (s *Server) Status() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.applied
}

func main() {
	n := &node{make(chan ready), make(chan ready), make(chan struct{})}
	s := &Server{node: n}
	go n.run()
	go s.loop()
	time.AfterFunc(53*time.Millisecond, func() { close(n.stop) })
	for range time.Tick(10 * time.Millisecond) {
		go s.Status()
	}
}
