// truth: {"kind":["recursive_read_lock"],"waiting":["owner","resize"],"holder":["describe","each"]}
package main

import (
	"sync"
	"time"

	"example.org/held/diag"
)

type Node struct {
	sync.RWMutex
	name string
	kids []*Node
	up   *Node
}

func (n *Node) owner() string { n.RLock(); defer n.RUnlock(); return n.name }
func (n *Node) each(f func(*Node)) {
	for _, k := range n.kids {
		f(k)
	}
}
func (n *Node) describe() (s string) {
	n.RLock()
	defer n.RUnlock()
	n.each(func(k *Node) { time.Sleep(30 * time.Millisecond); s += k.up.owner() })
	return
}
func (n *Node) resize() { n.Lock(); defer n.Unlock(); n.kids = nil }
func main() {
	n := &Node{name: "r"}
	n.kids = []*Node{{up: n}, {up: n}}
	go n.describe()
	time.Sleep(10 * time.Millisecond)
	go n.resize()
	diag.Dump()
}
