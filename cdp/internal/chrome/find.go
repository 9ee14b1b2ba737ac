package chrome

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Browser is an installed browser. Path is as found, links not resolved: a snap's
// command is a link to snap itself, which picks the program by the link's name.
type Browser struct {
	Name string // Chrome, Chromium, Edge, Brave or headless-shell
	Path string // absolute
}

// ErrNoBrowser reports that there is no browser to work with: none was found,
// it would not start, it is too old, or the endpoint is not one.
var ErrNoBrowser = errors.New("no browser")

// ErrNotFound reports that no known browser is installed.
var ErrNotFound = errors.New("no Chrome, Chromium, Edge, Brave or headless-shell was found")

// Find looks for Chrome, Chromium, Edge, Brave and headless-shell, in that order: first
// under their command names in PATH, then in the usual places. [ErrNotFound] is for none.
func Find() (Browser, error) {
	home, _ := os.UserHomeDir()
	return system{goos: runtime.GOOS, home: home, lookPath: exec.LookPath, executable: executable}.find()
}

// system is all that this package knows of the machine. Tests play other machines.
type system struct {
	goos string
	home string // empty when unknown

	lookPath   func(name string) (string, error)
	executable func(path string) bool
}

// product is one browser and where it may be. An empty app means that macOS has
// no such application.
type product struct {
	name     string
	commands []string // looked up in PATH, in this order
	places   []string // absolute paths on Linux
	app      string   // path below /Applications on macOS
}

// products is in order of preference. headless-shell is last: it cannot show a window.
var products = []product{
	{
		name:     "Chrome",
		commands: []string{"google-chrome", "google-chrome-stable", "chrome"},
		places:   []string{"/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/opt/google/chrome/chrome"},
		app:      "Google Chrome.app/Contents/MacOS/Google Chrome",
	},
	{
		name:     "Chromium",
		commands: []string{"chromium", "chromium-browser"},
		places:   []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"},
		app:      "Chromium.app/Contents/MacOS/Chromium",
	},
	{
		name:     "Edge",
		commands: []string{"microsoft-edge", "microsoft-edge-stable"},
		places:   []string{"/usr/bin/microsoft-edge", "/usr/bin/microsoft-edge-stable", "/opt/microsoft/msedge/msedge"},
		app:      "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
	},
	{
		name:     "Brave",
		commands: []string{"brave-browser", "brave"},
		places:   []string{"/usr/bin/brave-browser", "/opt/brave.com/brave/brave", "/snap/bin/brave"},
		app:      "Brave Browser.app/Contents/MacOS/Brave Browser",
	},
	{
		name:     "headless-shell",
		commands: []string{"chromium-headless-shell", "headless-shell", "chrome-headless-shell"},
		places:   []string{"/usr/bin/chromium-headless-shell", "/headless-shell/headless-shell"},
	},
}

// find returns the first product that is installed.
func (s system) find() (Browser, error) {
	for _, p := range products {
		if path, ok := s.locate(p); ok {
			return Browser{Name: p.name, Path: path}, nil
		}
	}
	return Browser{}, ErrNotFound
}

// locate prefers PATH, since that is what the user's own shell would start.
func (s system) locate(p product) (string, bool) {
	for _, command := range p.commands {
		// A path that PATH names relative to the working directory is an error
		// here (exec.ErrDot) and so passed over.
		path, err := s.lookPath(command)
		if err == nil && s.executable(path) {
			return path, true
		}
	}
	for _, path := range s.places(p) {
		if s.executable(path) {
			return path, true
		}
	}
	return "", false
}

// places lists the absolute paths of p on this kind of system.
func (s system) places(p product) []string {
	if s.goos != "darwin" {
		return p.places
	}
	if p.app == "" {
		return nil
	}
	paths := []string{filepath.Join("/Applications", p.app)}
	if s.home != "" {
		paths = append(paths, filepath.Join(s.home, "Applications", p.app))
	}
	return paths
}

// executable reports an absolute path to a regular file, through links, that this
// user may run and that is not Ubuntu's stub.
func executable(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || !filepath.IsAbs(path) {
		return false
	}
	// With a slash in it, LookPath only checks the permission.
	if _, err := exec.LookPath(path); err != nil {
		return false
	}
	return !isSnapStub(path)
}

// isSnapStub recognises the script that Ubuntu's chromium-browser package installs.
// It starts the snap, or only says that the "chromium snap" is missing; where
// there is a snap we find it by its own name.
func isSnapStub(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // may be run, not read: no script
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	return bytes.HasPrefix(head, []byte("#!")) && bytes.Contains(head, []byte("requires the chromium snap"))
}
