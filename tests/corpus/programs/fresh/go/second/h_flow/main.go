// truth: {"kind":["none"]}
package main

import (
	"io"
	"net"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type mux struct {
	conn  net.Conn
	mu    sync.Mutex
	quota int
	more  *sync.Cond
	out   chan []byte
}

func (m *mux) write(b []byte) {
	m.mu.Lock()
	for m.quota < len(b) {
		m.more.Wait()
	}
	m.quota -= len(b)
	m.mu.Unlock()
	m.out <- b
}

func (m *mux) writer() {
	for b := range m.out {
		if _, err := m.conn.Write(b); err != nil {
			return
		}
	}
}

func (m *mux) reader() {
	b := make([]byte, 1)
	for {
		if _, err := io.ReadFull(m.conn, b); err != nil {
			return
		}
		m.mu.Lock()
		m.quota += 64
		m.mu.Unlock()
		m.more.Broadcast()
	}
}

func main() {
	near, far := net.Pipe()
	m := &mux{conn: near, quota: 64, out: make(chan []byte, 8)}
	m.more = sync.NewCond(&m.mu)
	go m.writer()
	go m.reader()
	go io.Copy(io.Discard, far)
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			far.Write([]byte{1})
		}
	}()
	for i := 0; i < 12; i++ {
		go func() {
			for {
				m.write(make([]byte, 32))
			}
		}()
	}
	select {}
}
