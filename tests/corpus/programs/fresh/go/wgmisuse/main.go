// truth: {"kind":["lost_signal"],"waiting":["Close","main"],"unsure":true}
package main

import (
	"errors"
	"net/http"
	"sync"
)

type Crawler struct {
	wg   sync.WaitGroup
	errs []error
	mu   sync.Mutex
}

func (c *Crawler) visit(i int) {
	if i%5 == 0 { // forgets Done
		c.mu.Lock()
		c.errs = append(c.errs, errors.New("robots"))
		c.mu.Unlock()
		return
	}
	c.wg.Done()
}

func (c *Crawler) Start(n int) {
	for i := 0; i < n; i++ {
		c.wg.Add(1)
		go c.visit(i)
	}
}

func (c *Crawler) Close() { c.wg.Wait() }

func main() {
	go func() { _ = http.ListenAndServe("127.0.0.1:0", nil) }()
	c := &Crawler{}
	c.Start(20)
	c.Close()
}
