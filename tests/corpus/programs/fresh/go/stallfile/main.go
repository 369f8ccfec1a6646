// truth: {"kind":["stalled_holder"],"waiting":["Append","Rotate"],"holder":["Append","Rotate"]}
package main

import (
	"os"
	"sync"
	"syscall"
)

type WAL struct {
	mu sync.Mutex
	f  *os.File
	n  int
}

func (w *WAL) Append(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n > 1000 {
		if err := w.reopen(); err != nil {
			return 0, err
		}
	}
	w.n++
	return w.f.Write(b)
}

func (w *WAL) reopen() error {
	w.n = 0
	f, err := os.OpenFile(w.f.Name()+".fifo", os.O_WRONLY, 0) // blocks in open: nobody reads
	if err == nil {
		w.f = f
	}
	return err
}

func main() {
	f, _ := os.CreateTemp("", "wal")
	_ = syscall.Mkfifo(f.Name()+".fifo", 0600)
	w := &WAL{f: f}
	var wg sync.WaitGroup
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				w.Append([]byte("row\n"))
			}
		}()
	}
	wg.Wait()
}
