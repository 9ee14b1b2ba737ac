package main

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// cited are what comments cite by the number of an entry, as in "RULES 4, 7".
var cited = map[string]string{"CHROMIUM": "cdp/CHROMIUM.md", "RULES": "sessions/RULES.md"}

var (
	isEntry  = regexp.MustCompile(`^(\d+)\. `)
	isTest   = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	isFunc   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	citation = regexp.MustCompile(`\b(CHROMIUM|RULES) ((?:\d+(?:, | and )?)+)`)
	number   = regexp.MustCompile(`\d+`)
	wrapped  = regexp.MustCompile(`\n\s*(?://)? ?`)

	// elsewhere is a citation of what is not in the tree; the classes keep it from finding
	// itself. A text for people may name a version of ZAP.
	elsewhere = regexp.MustCompile(`\b(?:[D]ESIGN|[C]DP-FACTS|[Z]AP-BEHAVIOUR)\b|\b[Z]AP \d+\.\d`)
)

// TestDocuments: each entry names tests, and all of them are there. A number is there once.
func TestDocuments(t *testing.T) {
	tests := map[string]bool{}
	for file, text := range textFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			for _, m := range isFunc.FindAllStringSubmatch(text, -1) {
				tests[m[1]] = true
			}
		}
	}
	for word, file := range cited {
		list := entries(t, file)
		if len(list) == 0 {
			t.Errorf("%s has no entries", file)
		}
		for n, text := range list {
			found := isTest.FindAllStringSubmatch(text, -1)
			if len(found) == 0 {
				t.Errorf("%s %d names no test", word, n)
			}
			for _, m := range found {
				if !tests[m[1]] {
					t.Errorf("%s %d names %s, which is not there", word, n, m[1])
				}
			}
		}
	}
}

// TestCitations: what is cited is in its document, and nothing is cited that is not in the
// tree.
func TestCitations(t *testing.T) {
	known := map[string]map[int]string{}
	for word, file := range cited {
		known[word] = entries(t, file)
	}
	count := 0
	for file, text := range textFiles(t) {
		text = wrapped.ReplaceAllString(text, " ")
		for _, m := range citation.FindAllStringSubmatch(text, -1) {
			for _, digits := range number.FindAllString(m[2], -1) {
				n, _ := strconv.Atoi(digits)
				count++
				if _, ok := known[m[1]][n]; !ok {
					t.Errorf("%s cites %s %d, which is not there", file, m[1], n)
				}
			}
		}
		for _, found := range elsewhere.FindAllString(text, -1) {
			if strings.HasSuffix(file, ".md") && number.MatchString(found) {
				continue
			}
			t.Errorf("%s cites %q, which is not in the tree", file, found)
		}
	}
	if count == 0 {
		t.Error("nothing is cited: the test sees nothing")
	}
}

// entries are those of a document, by their numbers, which ascend.
func entries(t *testing.T, file string) map[int]string {
	t.Helper()
	f, err := os.Open(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, last, in := map[int]string{}, 0, false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		switch m := isEntry.FindStringSubmatch(line); {
		case m != nil:
			n, _ := strconv.Atoi(m[1])
			if n <= last {
				t.Errorf("%s has %d after %d", file, n, last)
			}
			last, in = n, true
			list[n] = line
		case in && strings.HasPrefix(line, "   "):
			list[last] += line
		default:
			in = false
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// textFiles are the files of the tree that comments or citations may stand in.
func textFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "node_modules"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".go", ".js", ".mjs", ".md", ".html", ".sess", ".tsv"}, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(filepath.ToSlash(path), root+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
