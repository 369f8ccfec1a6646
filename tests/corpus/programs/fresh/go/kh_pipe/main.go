// truth: {"kind":["none"]}
package main

import (
	"io"
	"sync"

	"example.org/held/diag"
)

type Tail struct {
	mu sync.RWMutex
	r  io.Reader
}

func (t *Tail) Follow() { t.mu.RLock(); defer t.mu.RUnlock(); b := make([]byte, 8); t.r.Read(b) }
func main()             { r, _ := io.Pipe(); t := &Tail{r: r}; go t.Follow(); go t.Follow(); diag.Dump() }
