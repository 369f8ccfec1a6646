// truth: {"kind":["channel_deadlock","leak"],"waiting":["produce","main","Wait"]}
package main

import (
	"errors"
	"net/http"
	"sync"
)

type Group struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

func (g *Group) Go(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err })
		}
	}()
}

func (g *Group) Wait() error { g.wg.Wait(); return g.err }

func produce(out chan<- int, n int) error {
	defer close(out)
	for i := 0; i < n; i++ {
		out <- i
	}
	return nil
}

func consume(in <-chan int) error {
	for i := range in {
		if i%13 == 12 {
			return errors.New("bad row")
		}
	}
	return nil
}

func main() {
	go func() { _ = http.ListenAndServe("127.0.0.1:0", nil) }()
	var g Group
	rows := make(chan int)
	g.Go(func() error { return produce(rows, 1000) })
	for i := 0; i < 4; i++ {
		g.Go(func() error { return consume(rows) })
	}
	if err := g.Wait(); err != nil {
		println(err.Error())
	}
}
