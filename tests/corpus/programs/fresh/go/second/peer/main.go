// truth: {"kind":["channel_deadlock","lost_signal","leak"],"waiting":["Close","readLoop"],"unsure":true}
package main

import (
	"errors"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Conn struct {
	in     chan []byte
	closed chan struct{}
	done   chan struct{}
	once   sync.Once
}

func (c *Conn) dispatch(b []byte) error {
	if len(b) == 0 {
		return errors.New("empty frame")
	}
	return nil
}

func (c *Conn) readLoop() {
	defer close(c.done)
	for {
		select {
		case b := <-c.in:
			if err := c.dispatch(b); err != nil {
				c.Close()
				return
			}
		case <-c.closed:
			return
		}
	}
}

func (c *Conn) Close() {
	c.once.Do(func() { close(c.closed) })
	<-c.done // waits for the loop that called it
}

func main() {
	c := &Conn{in: make(chan []byte), closed: make(chan struct{}), done: make(chan struct{})}
	go c.readLoop()
	c.in <- nil
	for range time.Tick(time.Second) {
	}
}
