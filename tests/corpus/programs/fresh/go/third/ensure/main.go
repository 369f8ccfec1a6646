// truth: {"kind":["recursive_lock"],"waiting":["Ensure","insert"],"holder":["Ensure"]}
package main

import (
	"net/http"
	"net/http/httptest"
	"sync"

	_ "example.org/third/diag"
)

type Index struct {
	mu   sync.RWMutex
	docs map[string]int
}

func (x *Index) insert(name string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.docs[name] = len(x.docs)
	return x.docs[name]
}

func (x *Index) Ensure(name string) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if id, ok := x.docs[name]; ok {
		return id
	}
	return x.insert(name)
}

func main() {
	x := &Index{docs: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { x.Ensure(r.URL.Path) }))
	go http.Get(server.URL + "/first")
	select {}
}
