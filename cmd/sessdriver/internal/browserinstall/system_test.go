package browserinstall

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The words are those of Ubuntu's chromium-browser package.
const snapStub = `#!/bin/sh
if ! [ -x /snap/bin/chromium ]; then
    echo "Command '$0' requires the chromium snap to be installed." >&2
    exit 1
fi
exec /snap/bin/chromium "$@"
`

func TestExecutable(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(at(name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(from, to string) {
		if err := os.Symlink(at(to), at(from)); err != nil {
			t.Fatal(err)
		}
	}
	write("wrapper", "#!/bin/sh\nexec chromium\n", 0o755)
	write("empty", "", 0o755)
	write("text", "#!/bin/sh\n", 0o644)
	write("stub", snapStub, 0o755)
	write("binary", "\x7fELF requires the chromium snap", 0o755)
	link("link", "wrapper")
	link("dangling", "nowhere")
	link("to-dir", ".")

	tests := []struct {
		name string
		want bool
	}{
		{"wrapper", true}, {"empty", true}, {"binary", true}, {"link", true},
		{"text", false}, {"stub", false}, {"dangling", false}, {"to-dir", false}, {".", false}, {"none", false},
	}
	for _, tt := range tests {
		if got := executable(at(tt.name)); got != tt.want {
			t.Errorf("executable(%s) = %v, want %v", tt.name, got, tt.want)
		}
	}
	t.Chdir(dir)
	if executable("./wrapper") {
		t.Error("executable(./wrapper) = true, want only absolute paths")
	}
}

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
