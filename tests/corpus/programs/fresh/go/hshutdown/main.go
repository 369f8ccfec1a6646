// truth: {"kind":["none"]}
package main

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

type server struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	live map[net.Conn]struct{}
}

func (s *server) handle(c net.Conn) {
	defer s.wg.Done()
	defer s.drop(c)
	_, _ = io.Copy(io.Discard, c)
}

func (s *server) drop(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, c)
	c.Close()
}

func (s *server) Shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	s := &server{live: map[net.Conn]struct{}{}}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	for i := 0; i < 15; i++ {
		go func() {
			c, _ := net.Dial("tcp", l.Addr().String())
			for {
				c.Write([]byte("x"))
				time.Sleep(100 * time.Millisecond)
			}
		}()
	}
	for i := 0; i < 15; i++ {
		c, _ := l.Accept()
		s.wg.Add(1)
		s.mu.Lock()
		s.live[c] = struct{}{}
		s.mu.Unlock()
		go s.handle(c)
	}
	l.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = s.Shutdown(ctx)
}
