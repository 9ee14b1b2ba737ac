package chrome

import (
	"os"
	"path/filepath"
	"testing"
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
