// truth: {"kind":["none"],"no_deadlock":true}
package main

import (
	"crypto/sha256"
	"time"
)

func compress(in <-chan []byte) {
	for b := range in {
		for i := 0; i < 3000; i++ {
			s := sha256.Sum256(b)
			b = s[:]
		}
	}
}

func tail(file int, out chan<- []byte) {
	for n := 0; ; n++ {
		out <- []byte{byte(file), byte(n)}
	}
}

func main() {
	c := make(chan []byte, 8)
	go compress(c)
	for i := 0; i < 12; i++ {
		go tail(i, c)
	}
	for range time.Tick(time.Second) {
	}
}
