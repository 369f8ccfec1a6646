// truth: {"kind":["none"]}
package main

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// A stream transport in the manner of an RPC library: one reader and one writer goroutine a connection, one goroutine a stream.
type stream struct {
	ctx context.Context
	buf chan []byte
}

type transport struct {
	conn    net.Conn
	mu      sync.Mutex
	streams map[int]*stream
	control chan int
	done    chan struct{}
}

func (t *transport) reader() {
	b := make([]byte, 9)
	for {
		if _, err := io.ReadFull(t.conn, b); err != nil {
			close(t.done)
			return
		}
		t.mu.Lock()
		s := t.streams[int(b[0])]
		t.mu.Unlock()
		if s != nil {
			s.buf <- append([]byte(nil), b...)
		}
	}
}

func (t *transport) loopy() {
	for {
		select {
		case <-t.control:
		case <-t.done:
			return
		}
	}
}

func (t *transport) keepalive() {
	timer := time.NewTimer(2 * time.Hour)
	for {
		select {
		case <-timer.C:
			timer.Reset(2 * time.Hour)
		case <-t.done:
			return
		}
	}
}

func (s *stream) RecvMsg() ([]byte, error) {
	select {
	case b := <-s.buf:
		return b, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

func watch(s *stream) {
	for {
		if _, err := s.RecvMsg(); err != nil {
			return
		}
	}
}

func main() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	for c := 0; c < 4; c++ {
		go net.Dial("tcp", l.Addr().String())
		conn, _ := l.Accept()
		t := &transport{conn: conn, streams: map[int]*stream{}, control: make(chan int), done: make(chan struct{})}
		go t.reader()
		go t.loopy()
		go t.keepalive()
		for i := 0; i < 40; i++ {
			s := &stream{context.Background(), make(chan []byte, 1)}
			t.streams[i] = s
			go watch(s)
		}
	}
	l.Accept()
}
