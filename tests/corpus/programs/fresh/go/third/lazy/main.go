// truth: {"kind":["deadlock_cycle"],"waiting":["Client","Config"],"holder":["Client","Config","dial","read"]}
package main

import (
	"sync"
	"time"

	_ "example.org/third/diag"
)

type App struct {
	configOnce, clientOnce sync.Once
	config, client         string
}

func (a *App) Config() string {
	a.configOnce.Do(a.read)
	return a.config
}

func (a *App) Client() string {
	a.clientOnce.Do(a.dial)
	return a.client
}

func (a *App) read() {
	time.Sleep(10 * time.Millisecond)
	a.config = "from " + a.Client()
}

func (a *App) dial() {
	time.Sleep(10 * time.Millisecond)
	a.client = "to " + a.Config()
}

func main() {
	a := &App{}
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(2)
		go func() { defer wg.Done(); a.Config() }()
		go func() { defer wg.Done(); a.Client() }()
	}
	wg.Wait()
}
