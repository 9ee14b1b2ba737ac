package main

import (
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// TestTopLevel keeps the top level as it was fixed.
func TestTopLevel(t *testing.T) {
	allowed := []string{"cmd", "cdp", "sessions", "scripts", "testdata", "go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s is not part of the layout", name)
		}
	}
}

// mayImport says which packages of ours each may import, and who may import
// chromedp. What is said of a package holds for those below it, unless they are named
// too. Tests may import what only tests do.
var mayImport = map[string][]string{
	"sessions/fault":       {},
	"sessions":             {"sessions/fault"},
	"scripts":              {"sessions", "sessions/fault"},
	"cdp":                  {"sessions", "sessions/fault", "chromedp", "cdp/internal/wire", "cdp/internal/chrome", "cdp/internal/targets", "cdp/internal/page", "cdp/internal/force"},
	"cdp/internal/wire":    {"chromedp"},
	"cdp/internal/chrome":  {"sessions/fault", "chromedp", "cdp/internal/wire"},
	"cdp/internal/targets": {"sessions", "sessions/fault", "chromedp", "cdp/internal/wire"},
	"cdp/internal/page":    {"sessions", "sessions/fault", "chromedp", "cdp/internal/wire", "cdp/internal/targets"},
	"cdp/internal/force":   {"sessions", "sessions/fault", "chromedp", "cdp/internal/wire", "cdp/internal/targets"},
	"cmd/sessdriver":       {"cdp", "scripts", "sessions", "sessions/fault"},
}

// outside are what the pure domain must not touch: the world, and the clock is
// checked by its own test.
var outside = []string{"net", "net/http", "os", "os/exec", "log", "log/slog", "flag", "io", "bufio", "context", "syscall", "math/rand", "crypto/rand"}

func TestImportDirections(t *testing.T) {
	for file, imports := range goFiles(t) {
		owner := ownerOf(file)
		test := strings.HasSuffix(file, "_test.go")
		for _, path := range imports {
			need := needs(path)
			if need == "testdata/need" && test && !isDomain(owner) {
				continue
			}
			if need != "" && !slices.Contains(mayImport[owner], need) && need != owner {
				t.Errorf("%s imports %s, but %s may only import %v", file, path, owner, mayImport[owner])
			}
			if !test && !strings.HasSuffix(filepath.Dir(file), "test") && strings.HasSuffix(path, "test") {
				t.Errorf("%s imports %s, which is for tests", file, path)
			}
			if isDomain(owner) && !test && slices.Contains(outside, path) {
				t.Errorf("%s imports %s: the domain is pure", file, path)
			}
		}
	}
}

// isDomain reports whether a package is of the domain.
func isDomain(owner string) bool { return strings.HasPrefix(owner, "sessions") }

// needs is the name of what an import path stands for in mayImport; "" for what
// everybody may import.
func needs(path string) string {
	switch ours, isOurs := strings.CutPrefix(path, "sessdriver/"); {
	case isOurs:
		return ownerOf(ours)
	case strings.HasPrefix(path, "github.com/chromedp/"):
		return "chromedp"
	}
	return ""
}

// ownerOf is the name in mayImport that a file or package falls under, the longest where
// there are several.
func ownerOf(path string) string {
	found := ""
	for owner := range mayImport {
		if (path == owner || strings.HasPrefix(path, owner+"/")) && len(owner) > len(found) {
			found = owner
		}
	}
	return cmp.Or(found, path)
}

// TestNoClock keeps the clock, goroutines and printing out of the domain.
func TestNoClock(t *testing.T) {
	forbidden := regexp.MustCompile(`time\.(Now|Since|Sleep|After|Tick)\b|(?m)^\s*go\s+\w|fmt\.Print`)
	for file := range goFiles(t) {
		if !isDomain(ownerOf(file)) || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if found := forbidden.Find(text); found != nil {
			t.Errorf("%s has %q: the domain is pure", file, found)
		}
	}
}

// TestInside keeps to tests what package force shows of itself for them.
func TestInside(t *testing.T) {
	for file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), ".Inside()") {
			t.Errorf("%s looks inside package force, which is for tests", file)
		}
	}
}

// goFiles lists the Go files of the module with their imports.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		files[filepath.ToSlash(name)] = []string{}
		for _, spec := range parsed.Imports {
			value, _ := strconv.Unquote(spec.Path.Value)
			files[filepath.ToSlash(name)] = append(files[filepath.ToSlash(name)], value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
