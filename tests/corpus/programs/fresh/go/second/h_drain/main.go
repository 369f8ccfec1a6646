// truth: {"kind":["none"]}
package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Server struct {
	http    http.Server
	workers sync.WaitGroup
	jobs    chan time.Duration
}

func (s *Server) work() {
	defer s.workers.Done()
	for d := range s.jobs {
		time.Sleep(d)
	}
}

func (s *Server) Close(ctx context.Context) {
	s.http.Shutdown(ctx)
	close(s.jobs)
	s.workers.Wait()
}

func main() {
	s := &Server{jobs: make(chan time.Duration, 100)}
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.jobs <- 300 * time.Millisecond })
	for i := 0; i < 4; i++ {
		s.workers.Add(1)
		go s.work()
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go s.http.Serve(l)
	for i := 0; i < 40; i++ {
		if r, err := http.Get("http://" + l.Addr().String()); err == nil {
			r.Body.Close()
		}
	}
	s.Close(context.Background())
}
