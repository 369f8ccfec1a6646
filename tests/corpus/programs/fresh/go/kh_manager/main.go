// truth: {"kind":["none"]}
package main

import (
	"time"

	"example.org/held/diag"
)

type req struct {
	key   string
	reply chan int
}
type Manager struct{ in chan req }

func (m *Manager) loop() {
	for r := range m.in {
		time.Sleep(time.Second)
		r.reply <- len(r.key)
	}
}
func (m *Manager) Ask(k string) int { r := req{k, make(chan int)}; m.in <- r; return <-r.reply }
func main() {
	m := &Manager{make(chan req)}
	go m.loop()
	for _, k := range []string{"a", "b", "c"} {
		go m.Ask(k)
	}
	diag.Dump()
}
