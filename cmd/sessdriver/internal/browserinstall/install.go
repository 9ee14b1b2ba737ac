package browserinstall

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// install finds a browser, or adds one with apt and finds that.
func (s system) install(ctx context.Context, out io.Writer) (Browser, error) {
	b, err := s.find()
	if err == nil {
		return b, nil
	}
	if !s.canApt() {
		return Browser{}, s.manual()
	}
	pkg := s.aptPackage()
	if err := s.aptInstall(ctx, out, pkg); err != nil {
		return Browser{}, err
	}
	b, err = s.find()
	if err != nil {
		return Browser{}, fmt.Errorf("installing %s: apt-get is done, yet %w", pkg, s.afterApt())
	}
	return b, nil
}

// canApt reports a Debian relative on which we are root or may become root. The
// name in os-release counts too: apt-get also exists on systems with rpm packages.
func (s system) canApt() bool {
	return s.isDebian() && s.has("apt-get") && (s.uid == 0 || s.has("sudo"))
}

func (s system) isDebian() bool {
	return s.distro().is("debian", "ubuntu")
}

// aptPackage names Chromium's package. Ubuntu has no chromium of its own:
// chromium-browser is a transition package that has snapd install the snap, and
// leaves only a script behind where snapd does not run (containers, WSL 1).
// Relatives of Ubuntu such as Mint and Pop!_OS build a real package, chromium.
func (s system) aptPackage() string {
	if s.distro().id == "ubuntu" {
		return "chromium-browser"
	}
	return "chromium"
}

// aptInstall refreshes the package lists and installs pkg. Lists that cannot be
// refreshed are reported, not fatal: one broken source among many is common.
func (s system) aptInstall(ctx context.Context, out io.Writer, pkg string) error {
	if err := s.apt(ctx, out, "update"); err != nil && ctx.Err() == nil {
		fmt.Fprintf(out, "apt-get update: %v; going on with the package lists at hand\n", err)
	}
	err := s.apt(ctx, out, "install", "-y", "--no-install-recommends", pkg)
	if ctx.Err() != nil {
		return fmt.Errorf(`installing %s: stopped: %w; start again with "sessdriver browser install"`, pkg, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("installing %s: apt-get: %w; correct what it printed above, then try %q, or name a browser with --browser PATH",
			pkg, err, s.asRoot("apt-get install "+pkg))
	}
	return nil
}

// apt runs one apt-get command as root, none when ctx has ended. The variable is
// set by env, not in our environment, because sudo passes on none of that.
func (s system) apt(ctx context.Context, out io.Writer, args ...string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var argv []string
	if s.uid != 0 {
		argv = append(argv, "sudo")
	}
	argv = append(argv, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get")
	argv = append(argv, args...)
	fmt.Fprintln(out, "running:", strings.Join(argv, " "))
	return s.run(ctx, out, argv)
}
