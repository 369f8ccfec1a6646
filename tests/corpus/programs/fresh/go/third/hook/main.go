// truth: {"kind":["stalled_holder"],"waiting":["Fire","Enabled"],"holder":["Fire","run"]}
package main

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"

	_ "example.org/third/diag"
)

type Hooks struct {
	mu sync.Mutex
	on bool
}

func run(name string, arguments ...string) error { return exec.Command(name, arguments...).Run() }

func (h *Hooks) Fire() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return run("sleep", "3")
}

func (h *Hooks) Enabled() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.on
}

func main() {
	h := &Hooks{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fire" {
			h.Fire()
		}
		h.Enabled()
	}))
	for i := 0; i < 3; i++ {
		go http.Get(server.URL + "/fire")
		go http.Get(server.URL + "/")
	}
	select {}
}
