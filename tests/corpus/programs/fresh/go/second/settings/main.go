// truth: {"kind":["recursive_lock"],"waiting":["Get"],"holder":["Get","load","defaults"]}
package main

import (
	"net/http"
	"net/http/httptest"
	"sync"

	_ "example.org/second/diag"
)

type Settings struct {
	once   sync.Once
	values map[string]string
}

func (s *Settings) Get(key string) string {
	s.once.Do(s.load)
	return s.values[key]
}

func (s *Settings) load() {
	s.values = map[string]string{}
	for k, v := range s.defaults() {
		s.values[k] = v
	}
}

func (s *Settings) defaults() map[string]string {
	return map[string]string{"region": "eu", "bucket": s.Get("region") + "-data"}
}

func main() {
	s := &Settings{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(s.Get("bucket"))) }))
	for i := 0; i < 6; i++ {
		go http.Get(server.URL)
	}
	select {}
}
