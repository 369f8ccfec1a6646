package ledger

import (
	"sync"
	"time"
)

type Observer interface {
	OnTransfer(from, to string, amount int)
}

type Ledger struct {
	mu        sync.Mutex
	accounts  map[string]int
	observers []Observer
}

func New() *Ledger { return &Ledger{accounts: map[string]int{}} }

func (l *Ledger) Subscribe(o Observer) { l.observers = append(l.observers, o) }

func (l *Ledger) Balance(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accounts[name]
}

func (l *Ledger) Transfer(from, to string, amount int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts[from] -= amount
	l.accounts[to] += amount
	time.Sleep(2 * time.Millisecond)
	for _, o := range l.observers {
		o.OnTransfer(from, to, amount)
	}
}
