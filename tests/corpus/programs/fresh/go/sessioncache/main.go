// truth: {"kind":["deadlock_cycle"],"waiting":["Publish","Touch"],"holder":["Expire","Broadcast"]}
package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"example.org/held/sessioncache/hub"
	"example.org/held/sessioncache/store"
)

func main() {
	h := hub.New()
	s := store.New(h)
	h.Attach(s)
	for i := 0; i < 50; i++ {
		s.Put(fmt.Sprint("user-", i))
		h.Subscribe(fmt.Sprint("user-", i))
	}
	go func() { _ = http.ListenAndServe("127.0.0.1:0", nil) }()
	var wg sync.WaitGroup
	wg.Add(2)
	go func() { defer wg.Done(); janitor(s) }()
	go func() { defer wg.Done(); announcer(h) }()
	time.Sleep(200 * time.Millisecond)
	for i := 0; i < 12; i++ {
		go func(i int) { s.Touch(fmt.Sprint("user-", i)) }(i)
	}
	wg.Wait()
}

func janitor(s *store.Store) {
	for range time.Tick(time.Millisecond) {
		s.Expire(time.Now())
	}
}

func announcer(h *hub.Hub) {
	for {
		h.Broadcast("tick")
	}
}
