package bounded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := File(file, 5); err != nil || string(text) != "12345" {
		t.Errorf("as long as it may be: %q, %v", text, err)
	}
	tooLong := (*TooLongError)(nil)
	for _, name := range []string{file, "/dev/zero"} {
		if text, err := File(name, 4); !errors.As(err, &tooLong) || text != nil || !strings.Contains(err.Error(), name+" is longer than 4 bytes") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := File(file+"x", 4); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Nobody waits for a pipe longer than the context lasts.
func TestFileWithin(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := FileWithin(ctx, pipe, 5); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), pipe) {
		t.Errorf("nobody writes: %v", err)
	}
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // for the read that was left behind
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}
