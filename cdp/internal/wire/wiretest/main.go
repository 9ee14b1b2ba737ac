package wiretest

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Main runs the tests of a package, which fail when they leave a goroutine behind.
func Main(m *testing.M) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGWINCH) // its goroutine stays, and fuzzing would start it
	before := runtime.NumGoroutine()
	code := m.Run()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > before && code == 0 {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "left behind: %d goroutines, %d at the start:\n%s", now, before, buf[:runtime.Stack(buf, true)])
		code = 1
	}
	os.Exit(code)
}
