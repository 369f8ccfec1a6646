// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Group struct {
	wg  sync.WaitGroup
	sem chan struct{}
}

func (g *Group) Go(f func()) {
	g.sem <- struct{}{}
	g.wg.Add(1)
	go func() {
		defer func() { <-g.sem; g.wg.Done() }()
		f()
	}()
}

func shard(n int) {
	inner := &Group{sem: make(chan struct{}, 2)}
	for i := 0; i < 10; i++ {
		inner.Go(func() { time.Sleep(4 * time.Millisecond) })
	}
	inner.wg.Wait()
}

func main() {
	for {
		outer := &Group{sem: make(chan struct{}, 6)}
		for n := 0; n < 40; n++ {
			n := n
			outer.Go(func() { shard(n) })
		}
		outer.wg.Wait()
	}
}
