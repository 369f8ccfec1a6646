// truth: {"kind":["recursive_read_lock"],"waiting":["Get","Register"],"holder":["Walk"]}
package main

import (
	"fmt"
	"net/http"
	"time"

	"example.org/held/rlockiface/registry"
)

type exporter struct {
	reg  *registry.Registry
	seen map[string]int
}

func (e *exporter) Visit(name string) {
	time.Sleep(time.Millisecond)
	if v, ok := e.reg.Get(name); ok {
		e.seen[name] = v
	}
}

func scrape(reg *registry.Registry) {
	for {
		reg.Walk(&exporter{reg, map[string]int{}})
	}
}

func main() {
	reg := registry.New()
	for i := 0; i < 20; i++ {
		reg.Register(fmt.Sprint("m", i), i)
	}
	go scrape(reg)
	time.Sleep(20 * time.Millisecond)
	for i := 0; i < 30; i++ {
		go func(i int) { reg.Register(fmt.Sprint("x", i), i) }(i)
	}
	http.HandleFunc("/m", func(w http.ResponseWriter, r *http.Request) { reg.Walk(&exporter{reg, nil}) })
	_ = http.ListenAndServe("127.0.0.1:0", nil)
}
