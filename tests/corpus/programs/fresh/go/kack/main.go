// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Commit","apply"],"holder":["Commit"]}
package main

import (
	"sync"

	"example.org/held/diag"
)

type Log struct {
	mu  sync.Mutex
	in  chan int
	ack chan bool
	at  int
}

func (l *Log) apply() {
	for i := range l.in {
		l.mu.Lock()
		l.at = i
		l.mu.Unlock()
		l.ack <- true
	}
}
func (l *Log) Commit(i int) bool { l.mu.Lock(); defer l.mu.Unlock(); l.in <- i; return <-l.ack }
func main() {
	l := &Log{in: make(chan int), ack: make(chan bool)}
	go l.apply()
	go l.Commit(4)
	diag.Dump()
}
