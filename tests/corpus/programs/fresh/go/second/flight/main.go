// truth: {"kind":["lost_signal","deadlock_cycle","pool_exhaustion"],"waiting":["Do","Load"]}
package main

import (
	"net/http"
	"net/http/httptest"
	"sync"

	_ "example.org/second/diag"
)

type call struct {
	wg  sync.WaitGroup
	val string
}

type Flight struct {
	mu    sync.Mutex
	calls map[string]*call
}

func (f *Flight) Do(key string, load func() string) string {
	f.mu.Lock()
	if c, ok := f.calls[key]; ok {
		f.mu.Unlock()
		c.wg.Wait()
		return c.val
	}
	c := &call{}
	c.wg.Add(1)
	f.calls[key] = c
	f.mu.Unlock()
	c.val = load()
	c.wg.Done()
	f.mu.Lock()
	delete(f.calls, key)
	f.mu.Unlock()
	return c.val
}

type Templates struct{ flight Flight }

func (t *Templates) Load(name string) string {
	return t.flight.Do(name, func() string { return t.include(name) })
}

func (t *Templates) include(name string) string { return "{" + t.Load("base") + "}" }

func main() {
	t := &Templates{Flight{calls: map[string]*call{}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(t.Load("index"))) }))
	for i := 0; i < 9; i++ {
		go http.Get(server.URL)
	}
	select {}
}
