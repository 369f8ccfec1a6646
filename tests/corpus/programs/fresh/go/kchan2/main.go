// truth: {"kind":["channel_deadlock"],"waiting":["ping","pong"]}
package main

import (
	"example.org/held/diag"
)

type link struct{ a, b chan int }

func (l *link) ping() {
	for i := 0; ; i++ {
		l.a <- i
		<-l.b
	}
}
func (l *link) pong() {
	for i := 0; ; i++ {
		l.b <- i
		<-l.a
	}
}
func main() { l := &link{make(chan int), make(chan int)}; go l.ping(); go l.pong(); diag.Dump() }
