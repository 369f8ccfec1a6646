package queue

import (
	"errors"
	"fmt"
	"sync"
)

type Sink interface{ Write(string) error }

type Queue struct {
	mu    sync.Mutex
	items []string
	sink  Sink
}

func New(s Sink) *Queue { return &Queue{sink: s} }

func (q *Queue) Push(s string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, s)
}

func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

func (q *Queue) Drain() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) > 0 {
		if err := q.flushLocked(); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) flushLocked() error {
	head := q.items[0]
	q.items = q.items[1:]
	if err := q.sink.Write(head); err != nil {
		return q.wrap(err)
	}
	return nil
}

func (q *Queue) wrap(err error) error {
	return fmt.Errorf("%d left: %w", q.Len(), err)
}

var ErrFull = errors.New("full")
