// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

func produce(out chan<- int) {
	for i := 0; ; i++ {
		out <- i
	}
}

func transform(in <-chan int, out chan<- int) {
	for i := range in {
		out <- i * 2
	}
}

func write(in <-chan int) {
	for range in {
		time.Sleep(5 * time.Millisecond) // the slow end
	}
}

func main() {
	a, b := make(chan int, 4), make(chan int, 4)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { defer wg.Done(); produce(a) }()
	for i := 0; i < 6; i++ {
		go transform(a, b)
	}
	go write(b)
	wg.Wait()
}
