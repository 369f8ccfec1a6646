// truth: {"kind":["deadlock_cycle"],"waiting":["With"],"holder":["With","settle","audit","close"]}
package main

import (
	"log"
	"os"
	"os/signal"
	"sync"
	"time"

	"example.org/held/ring3/guarded"
)

type accounts map[string]int
type ledger []string
type journal struct{ lines int }

type bank struct {
	a *guarded.Guarded[accounts]
	l *guarded.Guarded[ledger]
	j *guarded.Guarded[journal]
	b *sync.WaitGroup
}

func (k *bank) settle() {
	k.a.With(func(a *accounts) {
		k.meet()
		k.l.With(func(l *ledger) { *l = append(*l, "settled") })
	})
}

func (k *bank) audit() {
	k.l.With(func(l *ledger) {
		k.meet()
		k.j.With(func(j *journal) { j.lines += len(*l) })
	})
}

func (k *bank) close() {
	k.j.With(func(j *journal) {
		k.meet()
		k.a.With(func(a *accounts) { (*a)["fee"]++ })
	})
}

func (k *bank) meet() { k.b.Done(); k.b.Wait(); time.Sleep(5 * time.Millisecond) }

func main() {
	k := &bank{guarded.Of(accounts{}), guarded.Of(ledger{}), guarded.Of(journal{}), &sync.WaitGroup{}}
	k.b.Add(3)
	for _, f := range []func(){k.settle, k.audit, k.close} {
		go f()
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	log.Println("up")
	<-c
}
