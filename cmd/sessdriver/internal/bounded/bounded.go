// Package bounded reads files of which nobody knows how long they are: a device, say, has no
// end. What has more than it may is an error, never a beginning.
package bounded

import (
	"context"
	"fmt"
	"io"
	"os"
)

// TooLongError reports what has more bytes than it may have.
type TooLongError struct {
	Name string
	Most int64 // bytes
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("%s is longer than %d bytes, the most that it may have", e.Name, e.Most)
}

// Read reads all of a reader, whose name is for the error.
func Read(r io.Reader, name string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, &TooLongError{name, most}
	}
	return text, err
}

// File reads a whole file.
func File(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, name, most)
}

// FileWithin is File that ends with the context: a pipe may never be written to. The read
// that it leaves behind then ends when the pipe is closed.
func FileWithin(ctx context.Context, name string, most int64) ([]byte, error) {
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := File(name, most)
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("reading %s: %w", name, context.Cause(ctx))
	}
}
