package hub

import (
	"errors"
	"sync"
	"time"
)

type Toucher interface{ Touch(id string) bool }

type Hub struct {
	mu    sync.Mutex
	subs  []string
	alive Toucher
}

func New() *Hub { return &Hub{} }

func (h *Hub) Attach(t Toucher) { h.alive = t }

func (h *Hub) Subscribe(id string) {
	h.mu.Lock()
	h.subs = append(h.subs, id)
	h.mu.Unlock()
}

func (h *Hub) Publish(id, what string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs {
		if s == id {
			return nil
		}
	}
	return errors.New("nobody listens")
}

func (h *Hub) Broadcast(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.each(func(id string) {
		time.Sleep(time.Millisecond)
		h.alive.Touch(id)
	})
}

func (h *Hub) each(f func(string)) {
	for _, s := range h.subs {
		f(s)
	}
}
