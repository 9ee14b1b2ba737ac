package browserinstall

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"testing"
	"time"
)

// readyWriter closes ready when the command has written its first line.
type readyWriter struct {
	strings.Builder
	ready chan struct{}
}

func (w *readyWriter) Write(p []byte) (int, error) {
	if w.Len() == 0 {
		close(w.ready)
	}
	return w.Builder.Write(p)
}

// A killed apt-get leaves dpkg half done: the command must get a signal that it
// can answer, and time to do so.
func TestRunInterrupts(t *testing.T) {
	// Where the tests run in the background, interrupts are ignored and children
	// inherit that; catching them here gives the child the default again.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	t.Cleanup(func() { signal.Reset(os.Interrupt) })

	ctx, cancel := context.WithCancel(t.Context())
	out := &readyWriter{ready: make(chan struct{})}
	go func() {
		<-out.ready
		cancel()
	}()
	start := time.Now()
	err := run(ctx, out, []string{"sh", "-c",
		`trap 'echo tidied; exit 3' INT; echo ready; i=0; while [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done`})
	if err == nil || !strings.HasSuffix(out.String(), "tidied\n") {
		t.Errorf("run() = %v with output %q, want an error and a tidied end", err, out)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("run() took %v after its context ended", took)
	}
}

func TestRunStreamsBothOutputs(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), &out, []string{"sh", "-c", "echo one; echo two >&2; exit 7"})
	if err == nil || err.Error() != "exit status 7" {
		t.Errorf("run() = %v, want exit status 7", err)
	}
	if got, want := out.String(), "one\ntwo\n"; got != want {
		t.Errorf("output = %q, want %q", got, want)
	}
}

func TestDistro(t *testing.T) {
	tests := []struct {
		name, osRelease string
		want            bool // a relative of Debian
	}{
		{"Debian", debian, true},
		{"Ubuntu", ubuntu, true},
		{"Mint", mint, true},
		{"single quotes and a carriage return", "ID='raspbian'\r\nID_LIKE='debian'\r\n", true},
		{"Fedora", fedora, false},
		{"only its name says so", "NAME=debian\nVERSION_ID=ubuntu\n", false},
		{"part of a word", "ID=debianish\n", false},
		{"none", "", false},
	}
	for _, tt := range tests {
		s := system{osRelease: tt.osRelease}
		if got := s.isDebian(); got != tt.want {
			t.Errorf("%s: isDebian() = %v, want %v", tt.name, got, tt.want)
		}
	}
}
