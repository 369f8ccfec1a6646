// truth: {"kind":["recursive_lock"],"waiting":["load","plain"],"holder":["load","content","plain"]}
package main

import (
	"sync"

	"example.org/held/diag"
)

type Page struct {
	once       sync.Once
	html, text string
}

func (p *Page) content() string { p.once.Do(p.load); return p.html }
func (p *Page) plain() string   { return p.content() }
func (p *Page) load()           { p.html = "<p>" + p.plain() }
func main()                     { p := &Page{}; go p.content(); diag.Dump() }
