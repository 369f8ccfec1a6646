// truth: {"kind":["orphaned_lock"],"waiting":["Reserve","Free"],"holder_unknown":true}
package main

import (
	"errors"
	"os"
	"os/signal"
	"sync"
	"time"
)

type Inventory struct {
	mu    sync.Mutex
	stock map[string]int
}

var errSoldOut = errors.New("sold out")

func (i *Inventory) Reserve(sku string, n int) error {
	i.mu.Lock()
	have := i.stock[sku]
	if have < n {
		return errSoldOut
	}
	i.stock[sku] = have - n
	i.mu.Unlock()
	return nil
}

func (i *Inventory) Free(sku string, n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stock[sku] += n
}

func main() {
	inv := &Inventory{stock: map[string]int{"a": 10}}
	for w := 0; w < 40; w++ {
		go func(w int) {
			for {
				if w%4 == 0 {
					inv.Free("a", 1)
				} else {
					_ = inv.Reserve("a", 3)
				}
				time.Sleep(time.Millisecond)
			}
		}(w)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	<-c
}
