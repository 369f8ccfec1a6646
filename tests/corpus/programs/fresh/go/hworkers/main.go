// truth: {"kind":["none"]}
package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type job struct{ n int }

func worker(ctx context.Context, jobs <-chan job, results chan<- int) {
	for {
		select {
		case <-ctx.Done():
			return
		case j, ok := <-jobs:
			if !ok {
				return
			}
			results <- j.n * j.n
		}
	}
}

func plainWorker(jobs <-chan job) {
	for j := range jobs {
		_ = j.n
	}
}

func collector(results <-chan int) (sum int) {
	for r := range results {
		sum += r
	}
	return
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	jobs, plain, results := make(chan job), make(chan job, 100), make(chan int)
	var wg sync.WaitGroup
	for i := 0; i < 16; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); worker(ctx, jobs, results) }()
	}
	for i := 0; i < 32; i++ {
		go plainWorker(plain)
	}
	go collector(results)
	go func() {
		for t := range time.Tick(300 * time.Millisecond) {
			jobs <- job{t.Second()}
			plain <- job{t.Second()}
		}
	}()
	<-ctx.Done()
	wg.Wait()
}
