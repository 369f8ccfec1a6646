// truth: {"kind":["stalled_holder"],"waiting":["Emit","Level"],"holder":["Emit","retry"]}
package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type Alerts struct {
	mu    sync.RWMutex
	level int
}

func retry(attempts int, f func() error) (err error) {
	wait := time.Second
	for i := 0; i < attempts; i++ {
		if err = f(); err == nil {
			return nil
		}
		time.Sleep(wait)
		wait *= 2
	}
	return err
}

func (a *Alerts) Emit() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.level++
	return retry(8, func() error { return errors.New("unreachable") })
}

func (a *Alerts) Level() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.level
}

func main() {
	a := &Alerts{}
	mux := http.NewServeMux()
	mux.HandleFunc("/emit", func(w http.ResponseWriter, r *http.Request) { a.Emit() })
	mux.HandleFunc("/level", func(w http.ResponseWriter, r *http.Request) { a.Level() })
	server := httptest.NewServer(mux)
	go http.Get(server.URL + "/emit")
	time.Sleep(20 * time.Millisecond)
	for i := 0; i < 10; i++ {
		go http.Get(server.URL + "/level")
	}
	select {}
}
