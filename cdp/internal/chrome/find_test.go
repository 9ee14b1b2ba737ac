package chrome

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"
)

// machine is a made-up computer: what is in PATH and on disk.
type machine struct {
	goos  string   // empty: linux
	path  []string // commands in PATH, all in /usr/bin
	files []string // executables elsewhere
}

func (m *machine) system() system {
	return system{goos: cmp.Or(m.goos, "linux"), home: "/home/ann", lookPath: m.lookPath, executable: m.executable}
}

func (m *machine) lookPath(name string) (string, error) {
	if !slices.Contains(m.path, name) {
		return "", errors.New("not in PATH")
	}
	return "/usr/bin/" + name, nil
}

func (m *machine) executable(path string) bool {
	name, inPath := strings.CutPrefix(path, "/usr/bin/")
	return inPath && slices.Contains(m.path, name) || slices.Contains(m.files, path)
}

func TestFind(t *testing.T) {
	const (
		macChrome = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
		macEdge   = "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"
		macHome   = "/home/ann/Applications/Chromium.app/Contents/MacOS/Chromium"
	)
	tests := []struct {
		name  string
		goos  string
		path  []string
		files []string
		want  Browser
	}{
		{"chrome before all", "", []string{"headless-shell", "brave", "microsoft-edge", "chromium", "google-chrome"}, nil,
			Browser{"Chrome", "/usr/bin/google-chrome"}},
		{"chrome elsewhere before chromium in PATH", "", []string{"chromium"}, []string{"/opt/google/chrome/chrome"},
			Browser{"Chrome", "/opt/google/chrome/chrome"}},
		{"chromium before edge", "", []string{"microsoft-edge-stable", "chromium-browser"}, nil,
			Browser{"Chromium", "/usr/bin/chromium-browser"}},
		{"edge before brave", "", []string{"brave-browser", "microsoft-edge-stable"}, nil,
			Browser{"Edge", "/usr/bin/microsoft-edge-stable"}},
		{"brave before headless-shell", "", []string{"chrome-headless-shell", "brave"}, nil,
			Browser{"Brave", "/usr/bin/brave"}},
		{"headless-shell last", "", []string{"chromium-headless-shell"}, nil,
			Browser{"headless-shell", "/usr/bin/chromium-headless-shell"}},
		{"snap outside PATH", "", nil, []string{"/snap/bin/chromium"},
			Browser{"Chromium", "/snap/bin/chromium"}},
		{"container image of headless-shell", "", nil, []string{"/headless-shell/headless-shell"},
			Browser{"headless-shell", "/headless-shell/headless-shell"}},
		{"mac applications", "darwin", nil, []string{macEdge, macChrome},
			Browser{"Chrome", macChrome}},
		{"mac applications of the user", "darwin", nil, []string{macEdge, macHome},
			Browser{"Chromium", macHome}},
		{"mac command in PATH", "darwin", []string{"chrome-headless-shell"}, nil,
			Browser{"headless-shell", "/usr/bin/chrome-headless-shell"}},
		{"mac path on linux", "", nil, []string{macChrome}, Browser{}},
		{"linux path on mac", "darwin", nil, []string{"/opt/google/chrome/chrome"}, Browser{}},
		{"nothing", "", []string{"firefox"}, nil, Browser{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &machine{goos: tt.goos, path: tt.path, files: tt.files}
			got, err := m.system().find()
			if got != tt.want {
				t.Errorf("find() = %v, want %v", got, tt.want)
			}
			if missing := tt.want == (Browser{}); errors.Is(err, ErrNotFound) != missing {
				t.Errorf("find() error = %v, want ErrNotFound: %v", err, missing)
			}
		})
	}
}

// A name in PATH that may not be run (Ubuntu's stub, for one) does not hide the
// browser behind it.
func TestFindPassesOverUnusableCommand(t *testing.T) {
	m := &machine{path: []string{"chromium-browser"}, files: []string{"/snap/bin/chromium"}}
	s := m.system()
	s.executable = func(path string) bool { return path == "/snap/bin/chromium" }
	got, err := s.find()
	if want := (Browser{"Chromium", "/snap/bin/chromium"}); got != want || err != nil {
		t.Errorf("find() = %v, %v, want %v", got, err, want)
	}
}

func TestFindWithoutHome(t *testing.T) {
	s := (&machine{goos: "darwin"}).system()
	s.home = ""
	s.executable = func(path string) bool {
		if path[0] != '/' {
			t.Errorf("looked at %q, relative to the working directory", path)
		}
		return false
	}
	if _, err := s.find(); !errors.Is(err, ErrNotFound) {
		t.Errorf("find() error = %v, want ErrNotFound", err)
	}
}
