// truth: {"kind":["recursive_read_lock"],"waiting":["Owner","Sweep"],"holder":["Touch"]}
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	_ "example.org/second/diag"
)

type session struct {
	owner string
	seen  time.Time
}

type Store struct {
	sync.RWMutex
	byID map[string]*session
	log  func(format string, a ...any)
}

func (s *Store) Owner(id string) string {
	s.RLock()
	defer s.RUnlock()
	if x, ok := s.byID[id]; ok {
		return x.owner
	}
	return "nobody"
}

func (s *Store) Touch(id string) {
	s.RLock()
	defer s.RUnlock()
	time.Sleep(30 * time.Millisecond) // stands for a longer walk
	s.log("touched %s of %s", id, s.Owner(id))
}

func (s *Store) Sweep(limit time.Duration) {
	s.Lock()
	defer s.Unlock()
	for id, x := range s.byID {
		if time.Since(x.seen) > limit {
			delete(s.byID, id)
		}
	}
}

type handler struct{ store *Store }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.store.Touch(r.URL.Query().Get("id"))
	fmt.Fprintln(w, "ok")
}

func main() {
	store := &Store{byID: map[string]*session{"a": {"ann", time.Now()}}, log: func(string, ...any) {}}
	server := httptest.NewServer(handler{store})
	for i := 0; i < 12; i++ {
		go func() {
			for {
				if r, err := http.Get(server.URL + "/?id=a"); err == nil {
					r.Body.Close()
				}
			}
		}()
	}
	for range time.Tick(10 * time.Millisecond) {
		store.Sweep(time.Hour)
	}
}
