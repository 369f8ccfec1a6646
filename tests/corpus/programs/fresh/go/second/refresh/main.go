// truth: {"kind":["leak"],"waiting":["refresh","Keep"]}
package main

import (
	"time"

	_ "example.org/second/diag"
)

type Lease struct {
	tick *time.Ticker
	ttl  time.Duration
}

func (l *Lease) refresh() {
	for range l.tick.C { // Stop does not close C
		l.ttl += time.Second
	}
}

func Keep() *Lease {
	l := &Lease{tick: time.NewTicker(time.Hour)}
	go l.refresh()
	return l
}

func (l *Lease) Release() { l.tick.Stop() }

func main() {
	for i := 0; ; i++ {
		Keep().Release()
		time.Sleep(2 * time.Millisecond)
	}
}
