// truth: {"kind":["channel_deadlock","stalled_holder"],"waiting":["Stop","tick","Jobs"],"holder":["Stop"]}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Cron struct {
	mu   sync.Mutex
	jobs []func()
	quit chan struct{}
	done chan struct{}
}

func (c *Cron) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range c.jobs {
		j()
	}
}

func (c *Cron) loop() {
	defer close(c.done)
	t := time.NewTicker(time.Millisecond)
	for {
		select {
		case <-c.quit:
			return
		case <-t.C:
			time.Sleep(3 * time.Millisecond)
			c.tick()
		}
	}
}

func (c *Cron) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.quit)
	<-c.done
}

func (c *Cron) Jobs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.jobs)
}

func main() {
	c := &Cron{quit: make(chan struct{}), done: make(chan struct{}), jobs: []func(){func() {}}}
	go c.loop()
	time.Sleep(30 * time.Millisecond)
	go c.Stop()
	for range time.Tick(60 * time.Millisecond) {
		go c.Jobs()
	}
}
