// truth: {"kind":["none"]}
package main

import (
	"bufio"
	"fmt"
	"net"
	"time"

	_ "example.org/second/diag"
)

type client struct {
	conn net.Conn
	send chan string
	hub  *Hub
}

type Hub struct {
	join, leave chan *client
	broadcast   chan string
}

func (h *Hub) run() {
	clients := map[*client]bool{}
	for {
		select {
		case c := <-h.join:
			clients[c] = true
		case c := <-h.leave:
			delete(clients, c)
			close(c.send)
		case m := <-h.broadcast:
			for c := range clients {
				select {
				case c.send <- m:
				default:
				}
			}
		}
	}
}

func (c *client) readPump() {
	defer func() { c.hub.leave <- c }()
	in := bufio.NewReader(c.conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		c.hub.broadcast <- line
	}
}

func (c *client) writePump() {
	ping := time.NewTicker(time.Minute)
	for {
		select {
		case m, ok := <-c.send:
			if !ok {
				return
			}
			fmt.Fprint(c.conn, m)
		case <-ping.C:
			fmt.Fprint(c.conn, "ping\n")
		}
	}
}

func main() {
	h := &Hub{make(chan *client), make(chan *client), make(chan string)}
	go h.run()
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := &client{conn, make(chan string, 16), h}
			h.join <- c
			go c.readPump()
			go c.writePump()
		}
	}()
	for i := 0; i < 40; i++ {
		conn, _ := net.Dial("tcp", l.Addr().String())
		go func(i int) {
			in := bufio.NewReader(conn)
			if i == 0 {
				fmt.Fprintln(conn, "hello")
			}
			for {
				if _, err := in.ReadString('\n'); err != nil {
					return
				}
			}
		}(i)
	}
	select {}
}
