// truth: {"kind":["deadlock_cycle"],"waiting":["record","Balance"],"holder":["Transfer","Reconcile"]}
package main

import (
	"time"

	"example.org/second/billing/audit"
	"example.org/second/billing/ledger"
	_ "example.org/second/diag"
)

func main() {
	book := ledger.New()
	auditor := audit.New(book)
	book.Subscribe(auditor)
	go func() {
		for i := 0; ; i++ {
			book.Transfer("a", "b", i)
			time.Sleep(time.Millisecond)
		}
	}()
	go func() {
		for {
			auditor.Reconcile()
			time.Sleep(time.Millisecond)
		}
	}()
	for range time.Tick(50 * time.Millisecond) {
		go book.Balance("a")
	}
}
