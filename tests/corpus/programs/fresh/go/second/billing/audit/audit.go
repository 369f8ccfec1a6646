package audit

import (
	"sync"
	"time"
)

type balances interface{ Balance(name string) int }

type Auditor struct {
	lock    sync.Mutex
	book    balances
	entries []string
}

func New(b balances) *Auditor { return &Auditor{book: b} }

func (a *Auditor) OnTransfer(from, to string, amount int) { a.record(from + ">" + to) }

func (a *Auditor) record(line string) {
	a.lock.Lock()
	a.entries = append(a.entries, line)
	a.lock.Unlock()
}

func (a *Auditor) Reconcile() int {
	a.lock.Lock()
	defer a.lock.Unlock()
	time.Sleep(2 * time.Millisecond)
	total := 0
	for _, name := range []string{"a", "b"} {
		total += a.book.Balance(name)
	}
	return total
}
