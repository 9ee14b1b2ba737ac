package browserinstall

import "fmt"

// Manual reports that no browser is there and that this program will not install
// one here. It wraps ErrNotFound.
type Manual struct {
	// Command installs a browser when typed at a shell. It is empty where no
	// package manager is known to have one.
	Command string
}

// Error says what to type.
func (e *Manual) Error() string {
	if e.Command == "" {
		return "no browser found; install Chrome (https://www.google.com/chrome/) or Chromium, or name one with --browser PATH"
	}
	return fmt.Sprintf(`no browser found; install one with "%s"`, e.Command)
}

// Unwrap makes errors.Is(err, ErrNotFound) true.
func (e *Manual) Unwrap() error { return ErrNotFound }

// managers are the package managers of Linux that have Chromium. On Fedora's
// relatives (RHEL, Rocky) it needs the EPEL repository.
var managers = []struct{ tool, command string }{
	{"dnf", "dnf install chromium"},
	{"zypper", "zypper install chromium"},
	{"apk", "apk add chromium"},
	{"pacman", "pacman -S chromium"},
}

// manual chooses the command for a system on which we install nothing ourselves.
func (s system) manual() *Manual {
	if s.goos == "darwin" {
		return s.manualMac()
	}
	// Before the table: Debian has a game called pacman.
	if s.isDebian() && s.has("apt-get") {
		return &Manual{Command: s.asRoot("apt-get install " + s.aptPackage())}
	}
	for _, m := range managers {
		if s.has(m.tool) {
			return &Manual{Command: s.asRoot(m.command)}
		}
	}
	return &Manual{}
}

// manualMac names Chrome: Homebrew disables casks that are not notarized, and
// Chromium's builds are not. brew refuses to run as root.
func (s system) manualMac() *Manual {
	if !s.has("brew") {
		return &Manual{}
	}
	return &Manual{Command: "brew install --cask google-chrome"}
}

// afterApt is for an apt-get that ended well and still left no browser: on Ubuntu
// the transition package without its snap, elsewhere nothing we know of.
func (s system) afterApt() *Manual {
	if s.distro().id != "ubuntu" {
		return &Manual{}
	}
	return &Manual{Command: s.asRoot("snap install chromium")}
}

// asRoot is the command as this user would type it. The last resort, su, asks for
// root's password.
func (s system) asRoot(command string) string {
	switch {
	case s.uid == 0:
		return command
	case s.has("sudo"):
		return "sudo " + command
	case s.has("doas"):
		return "doas " + command
	}
	return "su -c '" + command + "'"
}
