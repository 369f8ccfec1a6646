// truth: {"kind":["stalled_holder","channel_deadlock"],"waiting":["Hold","Renew","Owner"],"holder":["Hold"]}
package main

import (
	"context"
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Lease struct {
	mu    sync.RWMutex
	owner string
}

func (l *Lease) Hold(ctx context.Context, owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner = owner
	<-ctx.Done()
}

func (l *Lease) Renew(owner string) {
	l.mu.Lock()
	l.owner = owner
	l.mu.Unlock()
}

func (l *Lease) Owner() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.owner
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l := &Lease{}
	go l.Hold(ctx, "a")
	time.Sleep(10 * time.Millisecond)
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			l.Renew("a")
		}
	}()
	for range time.Tick(20 * time.Millisecond) {
		go l.Owner()
	}
}
