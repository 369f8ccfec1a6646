// truth: {"kind":["stalled_holder"],"waiting":["Token"],"holder":["Token","refresh"]}
package main

import (
	"net"
	"net/http"
	"net/http/httptest"

	"example.org/held/stallhttp/tokens"
)

func main() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() { // accepts, never answers
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	src := tokens.New("http://" + l.Addr().String())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := src.Token()
		if err != nil {
			http.Error(w, err.Error(), 502)
			return
		}
		w.Header().Set("Authorization", t)
	})
	s := httptest.NewServer(h)
	for i := 0; i < 25; i++ {
		go http.Get(s.URL)
	}
	select {}
}
