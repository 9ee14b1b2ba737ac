package browserinstall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
	ubuntu = "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n"
	mint   = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"
	fedora = "ID=fedora\n"
)

// machine is a made-up computer: what is in PATH and on disk, and what its
// commands do.
type machine struct {
	goos      string // empty: linux
	uid       int
	osRelease string
	path      []string // commands in PATH, all in /usr/bin
	files     []string // executables elsewhere

	fails    map[string]error // by apt-get's verb
	installs string           // the file that "install" leaves behind
	onRun    func()           // called as each command starts

	ran []string // commands so far
}

func (m *machine) system() system {
	goos := m.goos
	if goos == "" {
		goos = "linux"
	}
	return system{
		goos: goos, uid: m.uid, osRelease: m.osRelease,
		lookPath: m.lookPath, find: m.find, run: m.run,
	}
}

func (m *machine) lookPath(name string) (string, error) {
	if !slices.Contains(m.path, name) {
		return "", errors.New("not in PATH")
	}
	return "/usr/bin/" + name, nil
}

// find is the first that a person would look for.
func (m *machine) find() (Browser, error) {
	for _, path := range m.files {
		return Browser{Name: "Chromium", Path: path}, nil
	}
	for _, name := range []string{"google-chrome", "chromium", "chromium-browser"} {
		if path, err := m.lookPath(name); err == nil {
			return Browser{Name: "Chromium", Path: path}, nil
		}
	}
	return Browser{}, ErrNotFound
}

func (m *machine) run(ctx context.Context, out io.Writer, argv []string) error {
	line := strings.Join(argv, " ")
	m.ran = append(m.ran, line)
	if m.onRun != nil {
		m.onRun()
	}
	if ctx.Err() != nil {
		return errors.New("signal: interrupt")
	}
	verb := argv[slices.Index(argv, "apt-get")+1]
	fmt.Fprintf(out, "<%s>\n", verb)
	if verb == "install" && m.installs != "" && m.fails[verb] == nil {
		m.files = append(m.files, m.installs)
	}
	return m.fails[verb]
}
