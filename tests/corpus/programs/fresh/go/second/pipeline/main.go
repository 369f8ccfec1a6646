// truth: {"kind":["channel_deadlock","leak"],"waiting":["read","decode","main"]}
package main

import (
	"errors"
	"sync"

	_ "example.org/second/diag"
)

func read(n int, out chan<- int) {
	defer close(out)
	for i := 0; i < n; i++ {
		out <- i
	}
}

func decode(in <-chan int, out chan<- string) {
	for i := range in {
		out <- string(rune('a' + i%26))
	}
}

func store(in <-chan string) error {
	n := 0
	for range in {
		if n++; n > 40 {
			return errors.New("disk full")
		}
	}
	return nil
}

func main() {
	raw, decoded := make(chan int, 8), make(chan string)
	var stages sync.WaitGroup
	stages.Add(1)
	go func() { defer stages.Done(); read(1000, raw) }()
	for i := 0; i < 4; i++ {
		stages.Add(1)
		go func() { defer stages.Done(); decode(raw, decoded) }()
	}
	go func() {
		if err := store(decoded); err != nil {
			println(err.Error())
		}
	}()
	stages.Wait()
}
