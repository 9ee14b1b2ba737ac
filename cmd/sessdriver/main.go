// Command sessdriver launches Chrome, or attaches to one, and keeps the HTTP
// sessions of every site: see the README.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	// A pipe that nobody reads is an error of the write: as a signal it would end us with
	// the browser's profile left behind. Caught rather than ignored, since what is ignored
	// the browser would inherit.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// endings are the signals that end the program in an orderly way, beside Ctrl-C, which
// may mean a command only. What we were started to ignore, as nohup does, is ignored on.
func endings() []os.Signal {
	list := []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT}
	return slices.DeleteFunc(list, signal.Ignored)
}
