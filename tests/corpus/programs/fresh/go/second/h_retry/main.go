// truth: {"kind":["none"]}
package main

import (
	"context"
	"errors"
	"net"
	"time"

	_ "example.org/second/diag"
	"example.org/second/errs"
)

func attempt(ctx context.Context, address string) error {
	d := net.Dialer{Timeout: 50 * time.Millisecond}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

func keepTrying(ctx context.Context, address string) error {
	wait := 20 * time.Millisecond
	for attempt(ctx, address) != nil {
		select {
		case <-time.After(wait):
			if wait *= 2; wait > 2*time.Second {
				wait = 2 * time.Second
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("connected")
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	g := errs.WithLimit(30)
	for i := 0; i < 30; i++ {
		g.Go(func() error { return keepTrying(ctx, "127.0.0.1:1") })
	}
	_ = g.Wait()
}
