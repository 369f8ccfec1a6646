// truth: {"kind":["none"]}
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"

	_ "example.org/third/diag"
)

type Ids struct{ next chan int }

func (i *Ids) generate() {
	for n := 0; ; n++ {
		i.next <- n
	}
}

func main() {
	ids := &Ids{make(chan int)}
	go ids.generate()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, <-ids.next) })
	go http.ListenAndServe("127.0.0.1:0", nil)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
}
