// Package diag writes all stacks after a while when STACKS is set; otherwise the program waits for a signal, as services do.
package diag

import (
	"os"
	"runtime/pprof"
	"time"
)

func init() {
	if os.Getenv("STACKS") == "" {
		return
	}
	time.AfterFunc(900*time.Millisecond, func() {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stdout, 2)
		os.Exit(0)
	})
}
