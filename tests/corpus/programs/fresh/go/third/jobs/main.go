// truth: {"kind":["pool_exhaustion","channel_deadlock","leak"],"waiting":["acquire","Run"]}
package main

import (
	"errors"
	"net/http"
	"net/http/httptest"

	_ "example.org/third/diag"
)

type Runner struct {
	slots chan struct{}
	n     int
}

func (r *Runner) acquire() { r.slots <- struct{}{} }
func (r *Runner) release() { <-r.slots }

func check(n int) error {
	if n%3 == 0 {
		return errors.New("refused")
	}
	return nil
}

func (r *Runner) Run(n int) error {
	r.acquire()
	if err := check(n); err != nil {
		return err // the slot is lost
	}
	r.release()
	return nil
}

func main() {
	r := &Runner{slots: make(chan struct{}, 3)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.n++; r.Run(r.n) }))
	for i := 0; i < 30; i++ {
		go http.Get(server.URL)
	}
	select {}
}
