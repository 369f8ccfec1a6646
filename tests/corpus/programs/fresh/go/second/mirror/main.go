// truth: {"kind":["pool_exhaustion"],"waiting":["Go","mirror"]}
package main

import (
	"net/http"
	"time"

	_ "example.org/second/diag"
	"example.org/second/errs"
)

type tree struct {
	name string
	kids []tree
}

func grow(depth int) tree {
	if depth == 0 {
		return tree{name: "leaf"}
	}
	return tree{name: "dir", kids: []tree{grow(depth - 1), grow(depth - 1), grow(depth - 1)}}
}

func mirror(g *errs.Group, t tree) error {
	time.Sleep(time.Millisecond)
	for _, k := range t.kids {
		k := k
		g.Go(func() error { return mirror(g, k) })
	}
	return nil
}

func main() {
	go http.ListenAndServe("127.0.0.1:0", nil)
	g := errs.WithLimit(4)
	g.Go(func() error { return mirror(g, grow(4)) })
	_ = g.Wait()
}
