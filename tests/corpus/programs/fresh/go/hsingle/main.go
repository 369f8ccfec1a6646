// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"net"
	"net/http"
	"sync"
	"time"
)

type call struct {
	wg  sync.WaitGroup
	val string
	err error
}

type Group struct {
	mu sync.Mutex
	m  map[string]*call
}

func (g *Group) Do(k string, f func() (string, error)) (string, error) {
	g.mu.Lock()
	if c, ok := g.m[k]; ok {
		g.mu.Unlock()
		c.wg.Wait()
		return c.val, c.err
	}
	c := new(call)
	c.wg.Add(1)
	g.m[k] = c
	g.mu.Unlock()
	c.val, c.err = f()
	c.wg.Done()
	g.mu.Lock()
	delete(g.m, k)
	g.mu.Unlock()
	return c.val, c.err
}

func main() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(8 * time.Second)
		w.Write([]byte("v"))
	}))
	g := &Group{m: map[string]*call{}}
	for i := 0; i < 30; i++ {
		go g.Do("key", func() (string, error) {
			r, err := http.Get("http://" + l.Addr().String())
			if err != nil {
				return "", err
			}
			return r.Status, nil
		})
	}
	select {}
}
