// truth: {"kind":["lost_signal"],"waiting":["Take"]}
package main

import (
	"net/http"
	"sync"
	"time"
)

type Mailbox struct {
	mu    sync.Mutex
	ready *sync.Cond
	mails []string
	open  bool
}

func NewMailbox() *Mailbox {
	m := &Mailbox{}
	m.ready = sync.NewCond(&m.mu)
	return m
}

func (m *Mailbox) Put(s string) {
	m.mu.Lock()
	m.mails = append(m.mails, s)
	m.mu.Unlock()
	m.ready.Signal()
}

// Open wakes one only, and nothing comes after it.
func (m *Mailbox) Open() {
	m.mu.Lock()
	m.open = true
	m.ready.Signal()
	m.mu.Unlock()
}

func (m *Mailbox) Take() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.open {
		m.ready.Wait()
	}
}

func main() {
	m := NewMailbox()
	var wg sync.WaitGroup
	for i := 0; i < 12; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); m.Take() }()
	}
	time.Sleep(100 * time.Millisecond)
	m.Open()
	go func() { _ = http.ListenAndServe("127.0.0.1:0", nil) }()
	wg.Wait()
}
