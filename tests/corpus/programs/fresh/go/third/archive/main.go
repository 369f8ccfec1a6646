// truth: {"kind":["stalled_holder","channel_deadlock"],"waiting":["Append","Close","Write"],"holder":["Append"]}
package main

import (
	"io"
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Archive struct {
	mu  sync.Mutex
	out io.WriteCloser
	n   int
}

func (a *Archive) Append(b []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	_, err := a.out.Write(b)
	return err
}

func (a *Archive) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n
}

func store(r io.Reader) { io.CopyN(io.Discard, r, 1000) } // enough, it thinks

func main() {
	r, w := io.Pipe()
	a := &Archive{out: w}
	go store(r)
	for i := 0; i < 6; i++ {
		go func() {
			for {
				a.Append(make([]byte, 100))
			}
		}()
	}
	for range time.Tick(100 * time.Millisecond) {
		a.Count()
	}
}
