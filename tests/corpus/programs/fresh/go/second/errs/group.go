// Package errs is an errgroup with a limit, of our own.
package errs

import "sync"

type Group struct {
	wg    sync.WaitGroup
	slots chan struct{}
	once  sync.Once
	err   error
}

func WithLimit(n int) *Group { return &Group{slots: make(chan struct{}, n)} }

func (g *Group) Go(f func() error) {
	if g.slots != nil {
		g.slots <- struct{}{}
	}
	g.wg.Add(1)
	go func() {
		defer g.done()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err })
		}
	}()
}

func (g *Group) done() {
	if g.slots != nil {
		<-g.slots
	}
	g.wg.Done()
}

func (g *Group) Wait() error {
	g.wg.Wait()
	return g.err
}
