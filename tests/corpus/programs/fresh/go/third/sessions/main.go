// truth: {"kind":["pool_exhaustion","channel_deadlock"],"waiting":["Get","Pipe","fetch"]}
package main

import (
	"time"

	_ "example.org/third/diag"
)

type session struct{ id int }
type Sessions struct{ free chan *session }

func (s *Sessions) Get() *session  { return <-s.free }
func (s *Sessions) Put(x *session) { s.free <- x }

func fetch(s *Sessions) int {
	x := s.Get()
	defer s.Put(x)
	return x.id
}

func Pipe(s *Sessions) {
	x := s.Get()
	defer s.Put(x)
	time.Sleep(10 * time.Millisecond)
	fetch(s)
}

func main() {
	s := &Sessions{make(chan *session, 4)}
	for i := 0; i < 4; i++ {
		s.Put(&session{i})
	}
	for i := 0; i < 10; i++ {
		go Pipe(s)
	}
	for range time.Tick(time.Second) {
	}
}
