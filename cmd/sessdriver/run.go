package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"sessdriver/cmd/sessdriver/internal/browserinstall"
)

// streams are the standard streams: results on out, talk on err.
type streams struct {
	in  *os.File
	out *output
	err *os.File
}

// run is the program: it returns the exit code.
func run(ctx context.Context, args, environ []string, stdin, stdout, stderr *os.File) int {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := streams{stdin, &output{file: stdout, end: end}, stderr}
	err := dispatch(ctx, args, environ, s)
	if unwritten := s.out.err(); unwritten != nil { // whatever came of that
		err = unwritten
	}
	if err != nil && !silent(err) {
		fmt.Fprintln(s.err, "sessdriver: "+oneLine(err))
	}
	return exitCode(err)
}

func dispatch(ctx context.Context, args, environ []string, s streams) error {
	c, err := readConfig(args, environ)
	if err != nil {
		return err
	}
	if c.version {
		fmt.Fprintln(s.out, "sessdriver "+version())
		return nil
	}
	return c.command.run(ctx, c, s)
}

var browserVerbs = []string{"install", "path"}

// manageBrowser is `browser install` and `browser path`.
func manageBrowser(ctx context.Context, c *config, s streams) error {
	if len(c.args) != 1 || !slices.Contains(browserVerbs, c.args[0]) {
		return usagef("browser needs a verb: sessdriver browser install, or: sessdriver browser path")
	}
	if c.browser != "" {
		fmt.Fprintln(s.out, c.browser)
		return nil
	}
	if c.args[0] == "path" {
		found, err := browserinstall.Find()
		if err == nil {
			fmt.Fprintln(s.out, found.Path)
		}
		return err
	}
	found, err := browserinstall.Install(ctx, s.err)
	if err == nil {
		fmt.Fprintf(s.out, "%s: %s\n", found.Name, found.Path)
	}
	return err
}

// version is the module's version, as Go recorded it at the build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
