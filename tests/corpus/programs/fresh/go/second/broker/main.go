// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Publish","lag","Subscribers"],"holder":["Publish"]}
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	_ "example.org/second/diag"
)

type message struct{ id int }

type Broker struct {
	mu   sync.Mutex
	subs map[string]chan message
	seen map[string]int
}

func (b *Broker) Publish(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.subs {
		c <- m
	}
}

func (b *Broker) lag(name string, id int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := id - b.seen[name]
	b.seen[name] = id
	return d
}

func (b *Broker) Subscribers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs)
}

func (b *Broker) consume(name string, c <-chan message) {
	for m := range c {
		_ = b.lag(name, m.id)
	}
}

func main() {
	b := &Broker{subs: map[string]chan message{}, seen: map[string]int{}}
	for i := 0; i < 3; i++ {
		name, c := fmt.Sprint(i), make(chan message)
		b.subs[name] = c
		go b.consume(name, c)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, b.Subscribers())
	}))
	for i := 0; i < 4; i++ {
		go http.Get(server.URL)
	}
	for i := 0; ; i++ {
		b.Publish(message{i})
	}
}
