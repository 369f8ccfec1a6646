// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"sync"
	"time"

	_ "example.org/second/diag"
)

type sem chan struct{}

func (s sem) acquire() { s <- struct{}{} }
func (s sem) release() { <-s }

func upload(s sem, n int) {
	s.acquire()
	defer s.release()
	time.Sleep(3 * time.Millisecond)
}

func main() {
	s := make(sem, 6)
	for {
		var round sync.WaitGroup
		for i := 0; i < 100; i++ {
			round.Add(1)
			go func(i int) { defer round.Done(); upload(s, i) }(i)
		}
		round.Wait()
	}
}
