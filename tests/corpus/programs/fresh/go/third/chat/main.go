// truth: {"kind":["deadlock_cycle"],"waiting":["add","Move"],"holder":["Move"]}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Room struct {
	mu    sync.Mutex
	name  string
	users map[string]bool
}

func (r *Room) add(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[user] = true
}

func (r *Room) Move(user string, to *Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.users, user)
	time.Sleep(2 * time.Millisecond)
	to.add(user)
}

func main() {
	a, b := &Room{name: "a", users: map[string]bool{}}, &Room{name: "b", users: map[string]bool{}}
	move := func(from, to *Room) {
		for {
			from.Move("ann", to)
		}
	}
	go move(a, b)
	go move(b, a)
	for range time.Tick(50 * time.Millisecond) {
		go a.add("bob")
	}
}
