// truth: {"kind":["leak","channel_deadlock"],"waiting":["Quote","price"]}
package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	_ "example.org/third/diag"
)

func price(symbol string) float64 {
	time.Sleep(3 * time.Millisecond)
	return 1
}

func Quote(symbol string) (float64, error) {
	result := make(chan float64)
	go func() {
		result <- price(symbol)
	}()
	select {
	case p := <-result:
		return p, nil
	case <-time.After(time.Millisecond):
		return 0, errors.New("too slow")
	}
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Quote("X") }))
	for {
		if r, err := http.Get(server.URL); err == nil {
			r.Body.Close()
		}
	}
}
