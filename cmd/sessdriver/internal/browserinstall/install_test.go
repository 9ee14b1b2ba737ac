package browserinstall

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

const aptEnv = "env DEBIAN_FRONTEND=noninteractive apt-get "

func TestInstall(t *testing.T) {
	broken := errors.New("exit status 100")
	install := aptEnv + "install -y --no-install-recommends "
	tests := []struct {
		name    string
		m       machine
		want    Browser
		wantRan []string
		wantErr string // a part of it; empty: none
	}{
		{name: "already there", m: machine{osRelease: debian, path: []string{"apt-get", "chromium"}},
			want: Browser{Name: "Chromium", Path: "/usr/bin/chromium"}},
		{name: "Debian as root", m: machine{osRelease: debian, path: []string{"apt-get"}, installs: "/snap/bin/chromium"},
			want:    Browser{Name: "Chromium", Path: "/snap/bin/chromium"},
			wantRan: []string{aptEnv + "update", install + "chromium"}},
		{name: "Debian with sudo", m: machine{osRelease: debian, uid: 1000, path: []string{"apt-get", "sudo"}, installs: "/snap/bin/chromium"},
			want:    Browser{Name: "Chromium", Path: "/snap/bin/chromium"},
			wantRan: []string{"sudo " + aptEnv + "update", "sudo " + install + "chromium"}},
		{name: "Ubuntu", m: machine{osRelease: ubuntu, path: []string{"apt-get"}, installs: "/snap/bin/chromium"},
			want:    Browser{Name: "Chromium", Path: "/snap/bin/chromium"},
			wantRan: []string{aptEnv + "update", install + "chromium-browser"}},
		{name: "Mint builds its own", m: machine{osRelease: mint, path: []string{"apt-get"}, installs: "/snap/bin/chromium"},
			want:    Browser{Name: "Chromium", Path: "/snap/bin/chromium"},
			wantRan: []string{aptEnv + "update", install + "chromium"}},
		{name: "update fails, install works", m: machine{osRelease: debian, path: []string{"apt-get"}, installs: "/snap/bin/chromium",
			fails: map[string]error{"update": broken}},
			want:    Browser{Name: "Chromium", Path: "/snap/bin/chromium"},
			wantRan: []string{aptEnv + "update", install + "chromium"}},
		{name: "install fails", m: machine{osRelease: debian, uid: 1000, path: []string{"apt-get", "sudo"},
			fails: map[string]error{"install": broken}},
			wantRan: []string{"sudo " + aptEnv + "update", "sudo " + install + "chromium"},
			wantErr: `installing chromium: apt-get: exit status 100; correct what it printed above, then try "sudo apt-get install chromium"`},
		{name: "nothing there afterwards", m: machine{osRelease: debian, path: []string{"apt-get"}},
			wantRan: []string{aptEnv + "update", install + "chromium"},
			wantErr: "installing chromium: apt-get is done, yet no browser found; install Chrome"},
		{name: "Ubuntu's package without snapd", m: machine{osRelease: ubuntu, path: []string{"apt-get"}},
			wantRan: []string{aptEnv + "update", install + "chromium-browser"},
			wantErr: `no browser found; install one with "snap install chromium"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.m
			var out bytes.Buffer
			got, err := m.system().install(t.Context(), &out)
			if got != tt.want {
				t.Errorf("install() = %v, want %v", got, tt.want)
			}
			if !slices.Equal(m.ran, tt.wantRan) {
				t.Errorf("ran %q, want %q", m.ran, tt.wantRan)
			}
			if (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("install() error = %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestInstallManual(t *testing.T) {
	tests := []struct {
		name string
		m    machine
		want string
	}{
		{"Fedora", machine{osRelease: fedora, uid: 1000, path: []string{"dnf", "sudo"}}, "sudo dnf install chromium"},
		{"Fedora as root", machine{osRelease: fedora, path: []string{"dnf"}}, "dnf install chromium"},
		{"Fedora with apt-get", machine{osRelease: fedora, path: []string{"apt-get", "dnf"}}, "dnf install chromium"},
		{"Arch", machine{osRelease: "ID=arch\n", uid: 1000, path: []string{"pacman", "sudo"}}, "sudo pacman -S chromium"},
		{"Alpine", machine{osRelease: "ID=alpine\n", uid: 1000, path: []string{"apk", "doas"}}, "doas apk add chromium"},
		{"openSUSE", machine{osRelease: "ID=\"opensuse-tumbleweed\"\nID_LIKE='opensuse suse'\n", uid: 1000, path: []string{"zypper", "sudo"}},
			"sudo zypper install chromium"},
		{"Debian without sudo", machine{osRelease: debian, uid: 1000, path: []string{"apt-get", "pacman"}},
			"su -c 'apt-get install chromium'"},
		{"Ubuntu without sudo", machine{osRelease: ubuntu, uid: 1000, path: []string{"apt-get"}},
			"su -c 'apt-get install chromium-browser'"},
		{"macOS", machine{goos: "darwin", uid: 501, path: []string{"brew", "sudo"}}, "brew install --cask google-chrome"},
		{"macOS without brew", machine{goos: "darwin", uid: 501, path: []string{"sudo"}}, ""},
		{"Linux with brew only", machine{uid: 1000, path: []string{"brew"}}, ""},
		{"unknown", machine{osRelease: "ID=nixos\n", uid: 1000, path: []string{"sudo"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.m
			_, err := m.system().install(t.Context(), new(bytes.Buffer))
			var manual *Manual
			if !errors.As(err, &manual) || !errors.Is(err, ErrNotFound) {
				t.Fatalf("install() error = %v, want a *Manual that is ErrNotFound", err)
			}
			if manual.Command != tt.want {
				t.Errorf("Command = %q, want %q", manual.Command, tt.want)
			}
			if len(m.ran) > 0 {
				t.Errorf("ran %q, want nothing", m.ran)
			}
		})
	}
}

func TestInstallTellsWhatRuns(t *testing.T) {
	m := &machine{osRelease: debian, path: []string{"apt-get"}, installs: "/snap/bin/chromium",
		fails: map[string]error{"update": errors.New("exit status 100")}}
	var out bytes.Buffer
	if _, err := m.system().install(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	want := "running: " + aptEnv + "update\n<update>\n" +
		"apt-get update: exit status 100; going on with the package lists at hand\n" +
		"running: " + aptEnv + "install -y --no-install-recommends chromium\n<install>\n"
	if got := out.String(); got != want {
		t.Errorf("out:\n%s\nwant:\n%s", got, want)
	}
}

func TestInstallStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := &machine{osRelease: debian, path: []string{"apt-get"}, onRun: cancel}
	var out bytes.Buffer
	_, err := m.system().install(ctx, &out)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "installing chromium: stopped") {
		t.Errorf("install() error = %v, want a stop by context.Canceled", err)
	}
	if len(m.ran) != 1 {
		t.Errorf("ran %q, want the update only", m.ran)
	}
	if got, want := out.String(), "running: "+aptEnv+"update\n"; got != want {
		t.Errorf("out = %q, want %q", got, want)
	}
}

func TestErrorsSayWhatToType(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{ErrNotFound, `no browser found; install one with "sessdriver browser install", or name one with --browser PATH`},
		{&Manual{Command: "sudo dnf install chromium"}, `no browser found; install one with "sudo dnf install chromium"`},
		{&Manual{}, "no browser found; install Chrome (https://www.google.com/chrome/) or Chromium, or name one with --browser PATH"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
	}
}
