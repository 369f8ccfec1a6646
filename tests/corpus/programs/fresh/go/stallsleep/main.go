// truth: {"kind":["stalled_holder"],"waiting":["Send","Stats"],"holder":["Send","withRetry"]}
package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

type Client struct {
	mu   sync.RWMutex
	sent int
	dial func(context.Context) error
}

func backoff(n int) time.Duration { return time.Duration(n+1) * 20 * time.Second }

func withRetry(ctx context.Context, tries int, f func(context.Context) error) (err error) {
	for i := 0; i < tries; i++ {
		if err = f(ctx); err == nil {
			return nil
		}
		time.Sleep(backoff(i))
	}
	return err
}

func (c *Client) Send(ctx context.Context, m string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	return withRetry(ctx, 5, c.dial)
}

func (c *Client) Stats() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.sent
}

func main() {
	c := &Client{dial: func(context.Context) error { return errors.New("refused") }}
	ctx := context.Background()
	for i := 0; i < 6; i++ {
		go c.Send(ctx, "hello")
	}
	for i := 0; i < 15; i++ {
		go func() { time.Sleep(50*time.Millisecond); c.Stats() }()
	}
	<-ctx.Done()
	select {}
}
