package sessions_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sessdriver/sessions"
)

// The cases of ZAP's HTTP Sessions tool, run through the public API of
// sessions: scope host, ZAP's eleven default tokens, force-everywhere on, no
// acceptance check by Chrome. The vectors have no jar, so the browser's is
// empty: an unknown value is nobody's, never a script's.
//
// Each step becomes one line of text, as ZAP answers it, as the book answers
// it, and as RULES.md has it (vectors_model_test.go). Generated names are written
// #1, #2 … in the order they appear. A case passes when the book answers what
// ZAP does, or what "better" says of a defect. It deviates when the book
// answers what RULES.md says instead, by a rule that vectors_deviations_test.go
// names. Everything else fails.

// More files of the format: go test ./sessions -run TestVectors -args -vectors FILE
var vectorFiles fileList

func init() {
	flag.Var(&vectorFiles, "vectors", "a further `FILE` of vectors, by absolute path or from the package's folder (repeatable)")
}

type fileList []string

func (f *fileList) String() string { return strings.Join(*f, ",") }

func (f *fileList) Set(name string) error {
	*f = append(*f, name)
	return nil
}

const (
	ownVectors = "../testdata/vectors/zap-http-sessions.json"
	// ruleVectors has kinds of steps that the other lacks.
	ruleVectors = "../testdata/vectors/from-rules.json"
)

// vectors is a file of format zap-http-sessions-vectors/1, as far as it is used.
type vectors struct {
	Format        string
	SiteAuthority struct{ Cases []authority }
	ParamsTab     json.RawMessage
	Authhelper    json.RawMessage
	Scenarios     []scenario
}

type authority struct {
	In, Out   string
	ZapDefect bool
}

type scenario struct {
	ID, Title, Note string
	ZapDefect       bool
	Better          string
	Steps           []step
}

// group is the part of an id before its number.
func (c *scenario) group() string {
	name, _, _ := strings.Cut(c.ID, "-")
	return name
}

func readVectors(t *testing.T, name string) *vectors {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	v := &vectors{}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if v.Format != "zap-http-sessions-vectors/1" {
		t.Fatalf("%s: the format is %q", name, v.Format)
	}
	return v
}

func TestVectors(t *testing.T) {
	for _, name := range append([]string{ownVectors, ruleVectors}, vectorFiles...) {
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			v, r := readVectors(t, name), &report{}
			for _, c := range v.SiteAuthority.Cases {
				t.Run("siteAuthority", func(t *testing.T) { r.add("siteAuthority", checkAuthority(t, c)) })
			}
			for i := range v.Scenarios {
				c := &v.Scenarios[i]
				t.Run(c.ID, func(t *testing.T) { r.add(c.group(), check(t, c, name == ownVectors)) })
			}
			for part, raw := range map[string]json.RawMessage{"paramsTab": v.ParamsTab, "authhelper": v.Authhelper} {
				if raw != nil {
					t.Logf("%s is not applicable: another tool of ZAP's", part)
					r.add(part, notApplicable)
				}
			}
			r.log(t)
		})
	}
}

// result of a case.
type result int

const (
	failed result = iota
	passed
	deviating
	notApplicable
)

var resultNames = [...]string{"failed", "passed", "deviating", "not applicable"}

// report counts results by group.
type report struct {
	order  []string
	counts map[string]*[len(resultNames)]int
}

func (r *report) add(group string, is result) {
	if r.counts == nil {
		r.counts = map[string]*[len(resultNames)]int{}
	}
	if r.counts[group] == nil {
		r.order = append(r.order, group)
		r.counts[group] = new([len(resultNames)]int)
	}
	r.counts[group][is]++
}

func (r *report) log(t *testing.T) {
	var all [len(resultNames)]int
	line := func(group string, counts *[len(resultNames)]int) {
		text := fmt.Sprintf("%-14s", group)
		for is, name := range resultNames {
			if is != int(failed) || counts[is] > 0 {
				text += fmt.Sprintf(" %3d %s", counts[is], name)
			}
		}
		t.Log(text)
	}
	for _, group := range r.order {
		line(group, r.counts[group])
		for is, n := range r.counts[group] {
			all[is] += n
		}
	}
	line("all", &all)
}

func checkAuthority(t *testing.T, c authority) result {
	want, got := c.Out, ""
	if c.ZapDefect {
		want = betterAuthority(c.In)
	}
	if url, err := sessions.NormalizeURL(c.In); err == nil {
		got = sessions.ScopeHost.SiteOf(url)
	}
	if got != want {
		t.Errorf("site of %q: got %q, want %q", c.In, got, want)
		return failed
	}
	return passed
}

// Every row of the table is of a case that there is, by a rule that is cited.
func TestDifferences(t *testing.T) {
	cases := readVectors(t, ownVectors).Scenarios
	for _, d := range differences {
		if rules[d.rule] == "" || !slices.ContainsFunc(cases, func(c scenario) bool { return c.ID == d.id }) {
			t.Errorf("the table names what is not so: %+v", d)
		}
	}
}

// check runs one case. For a case of our own vectors the differences from ZAP
// must be exactly those of the table; for others, those that the model names.
func check(t *testing.T, c *scenario, own bool) result {
	if reason := foreignMatter(c); reason != "" {
		t.Log("not applicable: " + reason)
		return notApplicable
	}
	zap, book := play(t, c, playBook(c.defaults()))
	_, expected := play(t, c, newModel(c.defaults()))
	var found []difference
	skipped, ok := 0, true
	for i := range c.Steps {
		if book[i].skip != "" {
			t.Logf("step %d is not applicable: %s", i+1, book[i].skip)
			skipped++
			continue
		}
		if book[i].text != expected[i].text {
			t.Errorf("step %d, %s %s\n  got %s\nRULES %s\n  ZAP %s", i+1, c.Steps[i].Op, c.Steps[i].Name, book[i].text, expected[i].text, zap[i].text)
			ok = false
		}
		if book[i].text != zap[i].text {
			found = append(found, difference{c.ID, i + 1, reason(zap[i].text, expected[i]), book[i].text})
		}
	}
	if own {
		ok = compareTable(t, c, found) && ok
	}
	return conclude(t, c, found, ok, skipped)
}

// shows reports whether the defect of a case must show in its answers: not when
// it lies in what is left out, or in the writing of generated names (RULES 53).
func (c *scenario) shows(skipped int) bool {
	return skipped == 0 && !slices.ContainsFunc(c.Steps, func(s step) bool { return bigNumber.Match(s.Expect) })
}

var bigNumber = regexp.MustCompile(`Session \d+,\d`)

// conclude judges a case by its differences from ZAP.
func conclude(t *testing.T, c *scenario, found []difference, ok bool, skipped int) result {
	is := passed
	for _, d := range found {
		what, named := rules[d.rule]
		if !named {
			t.Errorf("step %d: no rule says why the answer is %s", d.step, d.text)
			return failed
		}
		t.Logf("step %d: %s instead, by %s", d.step, d.text, what)
		if !(c.ZapDefect && d.rule.isDefect()) {
			is = deviating
		}
	}
	switch {
	case c.ZapDefect && len(found) == 0 && c.shows(skipped):
		t.Errorf("it does what ZAP does, not what is better: %s", c.Better)
		return failed
	case !ok:
		return failed
	case skipped == len(c.Steps):
		return notApplicable
	}
	return is
}

// compareTable checks the differences of a case against the table, both ways.
func compareTable(t *testing.T, c *scenario, found []difference) bool {
	var want []difference
	for _, d := range differences {
		if d.id == c.ID {
			want = append(want, d)
		}
	}
	if slices.Equal(found, want) {
		return true
	}
	for _, d := range found {
		if !slices.Contains(want, d) {
			t.Errorf("the table lacks\n\t{%q, %d, %s, %s},", d.id, d.step, d.rule, backquoted(d.text))
		}
	}
	for _, d := range want {
		if !slices.Contains(found, d) {
			t.Errorf("the table names what is not so: %+v", d)
		}
	}
	return false
}

func backquoted(text string) string { return "`" + text + "`" }
