package tokens

import (
	"io"
	"net/http"
	"sync"
	"time"
)

type Source struct {
	mu      sync.Mutex
	token   string
	expires time.Time
	url     string
	client  *http.Client
}

func New(url string) *Source { return &Source{url: url, client: &http.Client{}} }

// Token gives the cached token, or fetches one.
func (s *Source) Token() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.expires) {
		return s.token, nil
	}
	return s.refresh()
}

func (s *Source) refresh() (string, error) {
	r, err := s.client.Get(s.url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	s.token, s.expires = string(b), time.Now().Add(time.Minute)
	return s.token, err
}
