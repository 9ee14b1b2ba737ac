package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// output is the standard output. The first write that fails ends the program: whoever
// reads it has gone (… | head), or the disk is full, and nobody would learn of the rest.
type output struct {
	file *os.File
	end  func(cause error) // called once, with what goes wrong

	mu     sync.Mutex // guards failed
	failed error
}

// Write satisfies io.Writer.
func (o *output) Write(b []byte) (int, error) {
	n, err := o.file.Write(b)
	if err == nil {
		return n, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil {
		o.failed = &outputError{err}
		if errors.Is(err, syscall.EIO) { // the terminal was closed, which its SIGHUP may tell later
			o.failed = errInterrupted
		}
		o.end(o.failed)
	}
	return n, err
}

// Fd is the descriptor.
func (o *output) Fd() uintptr { return o.file.Fd() }

// err is why the output could not be written; nil when it could.
func (o *output) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// outputError reports results that were not written.
type outputError struct{ cause error }

func (e *outputError) Error() string {
	return fmt.Sprintf("%v; send the output elsewhere", e.cause)
}

func (e *outputError) Unwrap() error { return e.cause }

// leftBy reports an output whose reader has gone: it wants to hear no more.
func leftBy(err error) bool {
	output := (*outputError)(nil)
	return errors.As(err, &output) && errors.Is(err, syscall.EPIPE)
}
