// truth: {"kind":["channel_deadlock","leak"],"waiting":["scan"],"unsure":true}
package main

import (
	"context"
	"time"

	"example.org/held/diag"
)

func scan(out chan<- int) {
	for i := 0; ; i++ {
		out <- i
	}
}
func read(ctx context.Context, in <-chan int) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-in:
			time.Sleep(time.Millisecond)
		}
	}
}
func main() {
	c := make(chan int)
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	go scan(c)
	go read(ctx, c)
	diag.Dump()
}
