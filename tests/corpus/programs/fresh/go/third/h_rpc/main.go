// truth: {"kind":["none"]}
package main

import (
	"net"
	"net/rpc"
	"sync"
	"time"

	_ "example.org/third/diag"
)

type Arith struct{}

func (Arith) Slow(n int, out *int) error {
	time.Sleep(time.Duration(n) * time.Millisecond)
	*out = n
	return nil
}

func main() {
	rpc.Register(Arith{})
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go rpc.Accept(l)
	var calls sync.WaitGroup
	for i := 0; i < 8; i++ {
		c, _ := rpc.Dial("tcp", l.Addr().String())
		for k := 0; k < 5; k++ {
			calls.Add(1)
			go func() {
				defer calls.Done()
				for {
					var out int
					c.Call("Arith.Slow", 20, &out)
				}
			}()
		}
	}
	calls.Wait()
}
