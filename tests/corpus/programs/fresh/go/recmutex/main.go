// truth: {"kind":["recursive_lock"],"waiting":["Len"],"holder":["Drain"]}
package main

import (
	"fmt"
	"time"

	"example.org/held/recmutex/queue"
)

type flaky struct{ n int }

func (f *flaky) Write(s string) error {
	f.n++
	if f.n > 3 {
		return queue.ErrFull
	}
	return nil
}

func main() {
	q := queue.New(&flaky{})
	for i := 0; i < 10; i++ {
		q.Push(fmt.Sprint(i))
	}
	go func() { fmt.Println(q.Drain()) }()
	for i := 0; i < 8; i++ {
		go func(i int) { time.Sleep(50 * time.Millisecond); q.Push(fmt.Sprint("late", i)) }(i)
	}
	for range time.Tick(time.Minute) {
	}
}
