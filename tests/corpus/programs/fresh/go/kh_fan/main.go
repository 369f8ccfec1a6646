// truth: {"kind":["none"]}
package main

import (
	"context"
	"sync"
	"time"

	"example.org/held/diag"
)

func stage(ctx context.Context, in <-chan int, wg *sync.WaitGroup) <-chan int {
	out := make(chan int)
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer close(out)
		for {
			select {
			case v, ok := <-in:
				if !ok {
					return
				}
				select {
				case out <- v + 1:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
func main() {
	ctx := context.Background()
	var wg sync.WaitGroup
	src := make(chan int)
	c := stage(ctx, stage(ctx, stage(ctx, src, &wg), &wg), &wg)
	go func() {
		for t := range time.Tick(50 * time.Millisecond) {
			src <- t.Nanosecond()
		}
	}()
	go func() {
		for range c {
		}
	}()
	go wg.Wait()
	diag.Dump()
}
