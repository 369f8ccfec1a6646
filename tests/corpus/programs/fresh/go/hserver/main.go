// truth: {"kind":["none"]}
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"
)

type stats struct {
	sync.RWMutex
	n map[string]int
}

func (s *stats) inc(k string) { s.Lock(); s.n[k]++; s.Unlock() }

func flusher(s *stats) {
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for range t.C {
		s.RLock()
		_ = len(s.n)
		s.RUnlock()
	}
}

func main() {
	s := &stats{n: map[string]int{}}
	go flusher(s)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.inc(r.URL.Path); fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/poll", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Minute):
		case <-r.Context().Done():
		}
	})
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go http.Serve(l, mux)
	for i := 0; i < 20; i++ {
		go func(i int) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return
			}
			path := "/"
			if i%3 == 0 {
				path = "/poll"
			}
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
			b := bufio.NewReader(c)
			for {
				if _, err := b.ReadString('\n'); err != nil {
					return
				}
			}
		}(i)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	<-c
}
