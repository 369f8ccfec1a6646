// truth: {"kind":["none"]}
package main

import (
	"net"
	"net/http"
	"sync"

	_ "example.org/third/diag"
)

type Pool struct {
	mu    sync.Mutex
	more  *sync.Cond
	queue []func()
	fast  chan func()
}

func (p *Pool) slow() {
	for {
		p.mu.Lock()
		for len(p.queue) == 0 {
			p.more.Wait()
		}
		t := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		t()
	}
}

func (p *Pool) quick() {
	for t := range p.fast {
		t()
	}
}

func main() {
	p := &Pool{fast: make(chan func())}
	p.more = sync.NewCond(&p.mu)
	for i := 0; i < 300; i++ {
		go p.slow()
		go p.quick()
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.queue = append(p.queue, func() {})
		p.mu.Unlock()
		p.more.Signal()
	})
	go http.Serve(l, nil)
	for i := 0; i < 20; i++ {
		if r, err := http.Get("http://" + l.Addr().String()); err == nil {
			r.Body.Close()
		}
	}
	select {}
}
