// truth: {"kind":["channel_deadlock"],"waiting":["Schedule","Report","run","loop"]}
package main

import (
	"time"

	_ "example.org/second/diag"
)

type task struct{ id int }
type result struct{ id int }

type Scheduler struct {
	inbox   chan result
	planner *Planner
}

type Planner struct {
	inbox     chan task
	scheduler *Scheduler
}

func (p *Planner) Schedule(t task)   { p.inbox <- t }
func (s *Scheduler) Report(r result) { s.inbox <- r }

func (s *Scheduler) loop() {
	for r := range s.inbox {
		for i := 0; i < 3; i++ {
			s.planner.Schedule(task{r.id*3 + i})
		}
	}
}

func (p *Planner) run() {
	for t := range p.inbox {
		for i := 0; i < 2; i++ {
			p.scheduler.Report(result{t.id + i})
		}
	}
}

func main() {
	s := &Scheduler{inbox: make(chan result, 16)}
	p := &Planner{inbox: make(chan task, 16), scheduler: s}
	s.planner = p
	go s.loop()
	go p.run()
	s.Report(result{1})
	for range time.Tick(time.Second) {
	}
}
