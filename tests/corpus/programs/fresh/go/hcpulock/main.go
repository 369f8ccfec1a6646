// truth: {"kind":["none"]}
package main

import (
	"net/http"
	"sort"
	"sync"
)

type index struct {
	mu   sync.Mutex
	keys []int
}

func (i *index) rebuild() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := 0; ; n++ {
		sort.Slice(i.keys, func(a, b int) bool { return i.keys[a]*n < i.keys[b]*n })
	}
}

func main() {
	x := &index{keys: make([]int, 10000)}
	go x.rebuild()
	_ = http.ListenAndServe("127.0.0.1:0", nil)
}
