package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"sessdriver/cmd/sessdriver/internal/browserinstall"
	"sessdriver/scripts"
	"sessdriver/sessions"
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
	switch {
	case c.version:
		fmt.Fprintln(s.out, "sessdriver "+version())
		return nil
	case c.help:
		fmt.Fprint(s.out, usage())
		return nil
	}
	switch c.command {
	case "launch":
		return launch(ctx, c, s)
	case "attach":
		return attach(ctx, c, s)
	case "demo":
		return runDemo(ctx, c, s)
	case "doctor":
		return runDoctor(ctx, c, s)
	case "run":
		return runScripts(ctx, c, s)
	case "completion":
		return completion(strings.Join(c.args, " "), s.out)
	case "man":
		man(s.out)
		return nil
	case "browser":
		return manageBrowser(ctx, c, s)
	}
	return help(ctx, c.args, c.newMask(), s.out)
}

// help is `sessdriver help`, and `sessdriver help COMMAND` for the commands of the
// prompt.
func help(ctx context.Context, words []string, mask sessions.Mask, out io.Writer) error {
	if len(words) == 0 {
		fmt.Fprint(out, usage())
		return nil
	}
	engine := &scripts.Engine{Commands: scripts.NewRegistry(), Mask: mask}
	result, err := engine.Run(ctx, "help "+strings.Join(words, " "))
	if err == nil {
		fmt.Fprintln(out, result.Text)
	}
	return err
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
