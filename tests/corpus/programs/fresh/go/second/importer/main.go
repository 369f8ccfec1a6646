// truth: {"kind":["lost_signal"],"waiting":["Import","main","Wait"]}
package main

import (
	"errors"
	"sync"

	_ "example.org/second/diag"
)

type row struct{ id int }

type Importer struct {
	batch sync.WaitGroup
	mu    sync.Mutex
	bad   int
}

var errBad = errors.New("bad row")

func parse(r row) error {
	if r.id%7 == 3 {
		return errBad
	}
	return nil
}

func (im *Importer) one(r row) {
	if err := parse(r); err != nil {
		im.mu.Lock()
		im.bad++
		im.mu.Unlock()
		return
	}
	im.batch.Done()
}

func (im *Importer) Import(rows []row) {
	for _, r := range rows {
		im.batch.Add(1)
		go im.one(r)
	}
	im.batch.Wait()
}

func main() {
	im := &Importer{}
	rows := make([]row, 100)
	for i := range rows {
		rows[i].id = i
	}
	im.Import(rows)
}
