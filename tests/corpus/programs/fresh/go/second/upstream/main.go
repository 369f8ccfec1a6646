// truth: {"kind":["stalled_holder"],"waiting":["Do","Stats"],"holder":["Do","exchange"]}
package main

import (
	"bufio"
	"fmt"
	"net"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Client struct {
	mu   sync.Mutex
	conn net.Conn
	in   *bufio.Reader
	sent int
}

func (c *Client) exchange(line string) (string, error) {
	if _, err := fmt.Fprintln(c.conn, line); err != nil {
		return "", err
	}
	return c.in.ReadString('\n')
}

func (c *Client) Do(line string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	return c.exchange(line)
}

func (c *Client) Stats() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func main() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go bufio.NewReader(c).ReadString(0) // reads, never answers
		}
	}()
	conn, _ := net.Dial("tcp", l.Addr().String())
	c := &Client{conn: conn, in: bufio.NewReader(conn)}
	for i := 0; i < 15; i++ {
		go c.Do("GET k")
	}
	for range time.Tick(100 * time.Millisecond) {
		c.Stats()
	}
}
