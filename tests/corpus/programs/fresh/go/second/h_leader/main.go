// truth: {"kind":["none"]}
package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	_ "example.org/second/diag"
)

type Elector struct {
	mu     sync.RWMutex
	leader bool
	onWin  func(context.Context)
}

func (e *Elector) campaign(ctx context.Context) {
	renew := time.NewTicker(50 * time.Millisecond)
	defer renew.Stop()
	for {
		select {
		case <-renew.C:
			e.mu.Lock()
			first := !e.leader
			e.leader = true
			e.mu.Unlock()
			if first {
				go e.onWin(ctx)
			}
		case <-ctx.Done():
			return
		}
	}
}

func controllers(ctx context.Context) {
	var wg sync.WaitGroup
	for i := 0; i < 15; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-ctx.Done()
		}()
	}
	wg.Wait()
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &Elector{onWin: controllers}
	go e.campaign(ctx)
	<-ctx.Done()
}
