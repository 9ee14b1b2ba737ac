package runner

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/testdata/need"
)

// schema is what testdata/junit.xsd says, as far as it is used there: encoding/xml takes a
// schema apart, and what this type does not know of it is an error.
type schema struct {
	Simple   []simpleType  `xml:"simpleType"`
	Complex  []complexType `xml:"complexType"`
	Elements []element     `xml:"element"`
	Other    []unknown     `xml:",any"`
}

type simpleType struct {
	Name        string `xml:"name,attr"`
	Restriction struct {
		Base    string `xml:"base,attr"`
		Pattern *struct {
			Value string `xml:"value,attr"`
		} `xml:"pattern"`
		Other []unknown `xml:",any"`
	} `xml:"restriction"`
	Other []unknown `xml:",any"`
}

type complexType struct {
	Name       string      `xml:"name,attr"`
	Mixed      bool        `xml:"mixed,attr"`
	Sequence   *sequence   `xml:"sequence"`
	Attributes []attribute `xml:"attribute"`
	Other      []unknown   `xml:",any"`
}

// sequence has its parts in order: each an element, or a choice of some.
type sequence struct{ parts []part }

type part struct {
	XMLName xml.Name
	element
	Choice []element `xml:"element"`
}

type element struct {
	Name    string       `xml:"name,attr"`
	Ref     string       `xml:"ref,attr"`
	Type    string       `xml:"type,attr"`
	Min     string       `xml:"minOccurs,attr"`
	Max     string       `xml:"maxOccurs,attr"`
	Complex *complexType `xml:"complexType"`
}

func (e element) name() string { return e.Name + e.Ref }

type attribute struct {
	Name string `xml:"name,attr"`
	Type string `xml:"type,attr"`
	Use  string `xml:"use,attr"`
}

type unknown struct{ XMLName xml.Name }

// UnmarshalXML satisfies xml.Unmarshaler: encoding/xml does not keep the order of
// different elements.
func (s *sequence) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			var p part
			if err := d.DecodeElement(&p, &token); err != nil {
				return err
			}
			if p.XMLName.Local != "element" && p.XMLName.Local != "choice" {
				return fmt.Errorf("the schema has <%s>, which is not known here", p.XMLName.Local)
			}
			s.parts = append(s.parts, p)
		}
	}
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile("testdata/junit.xsd")
	if err != nil {
		t.Fatal(err)
	}
	s := &schema{}
	if err := xml.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	other := s.Other
	for _, c := range s.Complex {
		other = append(other, c.Other...)
	}
	for _, c := range s.Simple {
		other = append(append(other, c.Other...), c.Restriction.Other...)
	}
	for _, e := range s.Elements {
		other = append(other, e.Complex.Other...)
	}
	if len(other) > 0 {
		t.Fatalf("the schema has %v, which is not known here", other)
	}
	return s
}

// node is an element of a report.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

// check says what in a report is not as the schema has it; nil when all is.
func (s *schema) check(report []byte) error {
	d := xml.NewDecoder(bytes.NewReader(report))
	var root node
	if err := d.Decode(&root); err != nil {
		return err
	}
	if err := d.Decode(&node{}); !errors.Is(err, io.EOF) {
		return fmt.Errorf("there is more behind the root: %v", err)
	}
	for _, e := range s.Elements {
		if e.Name == root.XMLName.Local {
			return s.element(root, e)
		}
	}
	return fmt.Errorf("the root is <%s>", root.XMLName.Local)
}

func (s *schema) element(n node, e element) error {
	for _, global := range s.Elements {
		if e.Ref != "" && global.Name == e.Ref {
			e = global
		}
	}
	c := e.Complex
	for i := range s.Complex {
		if e.Type == s.Complex[i].Name {
			c = &s.Complex[i]
		}
	}
	if c == nil {
		if len(n.Attrs)+len(n.Children) > 0 {
			return fmt.Errorf("<%s> may have text only", n.XMLName.Local)
		}
		return s.value("<"+n.XMLName.Local+">", e.Type, n.Text)
	}
	if !c.Mixed && strings.TrimSpace(n.Text) != "" {
		return fmt.Errorf("<%s> has the text %q", n.XMLName.Local, n.Text)
	}
	if err := s.attributes(n, c); err != nil {
		return err
	}
	rest := n.Children
	if c.Sequence != nil {
		for _, p := range c.Sequence.parts {
			var err error
			if rest, err = s.part(n, p, rest); err != nil {
				return err
			}
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("<%s> may not have <%s> there", n.XMLName.Local, rest[0].XMLName.Local)
	}
	return nil
}

// part checks the children that one part of a sequence takes, and returns the others.
func (s *schema) part(of node, p part, children []node) ([]node, error) {
	choice := p.Choice
	if p.XMLName.Local == "element" {
		choice = []element{p.element}
	}
	count := 0
	for len(children) > 0 && (count == 0 || p.Max == "unbounded") {
		i := slices.IndexFunc(choice, func(e element) bool { return e.name() == children[0].XMLName.Local })
		if i < 0 {
			break
		}
		if err := s.element(children[0], choice[i]); err != nil {
			return nil, err
		}
		children, count = children[1:], count+1
	}
	if count == 0 && p.Min != "0" {
		return nil, fmt.Errorf("<%s> lacks <%s>", of.XMLName.Local, choice[0].name())
	}
	return children, nil
}

func (s *schema) attributes(n node, c *complexType) error {
	for _, a := range c.Attributes {
		if a.Use == "required" && !slices.ContainsFunc(n.Attrs, func(given xml.Attr) bool { return given.Name.Local == a.Name }) {
			return fmt.Errorf("<%s> lacks %s", n.XMLName.Local, a.Name)
		}
	}
	seen := map[string]bool{} // encoding/xml takes one that is there twice
	for _, given := range n.Attrs {
		i := slices.IndexFunc(c.Attributes, func(a attribute) bool { return a.Name == given.Name.Local && given.Name.Space == "" })
		if i < 0 || seen[given.Name.Local] {
			return fmt.Errorf("<%s> may not have %s there", n.XMLName.Local, given.Name.Local)
		}
		seen[given.Name.Local] = true
		if err := s.value(n.XMLName.Local+" "+given.Name.Local, c.Attributes[i].Type, given.Value); err != nil {
			return err
		}
	}
	return nil
}

// builtin are the types that schemas have from the start.
var builtin = map[string]func(string) bool{
	"xs:string":             func(string) bool { return true },
	"xs:nonNegativeInteger": regexp.MustCompile(`^\s*(\+?[0-9]+|-0+)\s*$`).MatchString,
	"xs:dateTime": func(text string) bool {
		_, err := time.Parse("2006-01-02T15:04:05", text)
		return err == nil
	},
}

func (s *schema) value(of, kind, text string) error {
	for _, simple := range s.Simple {
		if simple.Name != kind {
			continue
		}
		r := simple.Restriction
		if r.Pattern != nil && !regexp.MustCompile("^(?:"+r.Pattern.Value+")$").MatchString(text) {
			return fmt.Errorf("%s: %q is not like %s", of, text, r.Pattern.Value)
		}
		return s.value(of, r.Base, text)
	}
	holds, known := builtin[kind]
	if !known {
		return fmt.Errorf("%s: the schema has the type %s, which is not known here", of, kind)
	}
	if !holds(text) {
		return fmt.Errorf("%s: %q is no %s", of, text, kind)
	}
	return nil
}

// validate checks a report with the schema of testdata.
func validate(t *testing.T, report []byte) {
	t.Helper()
	if err := readSchema(t).check(report); err != nil {
		t.Errorf("%v: %s", err, report)
	}
	if !bytes.HasPrefix(report, []byte(`<?xml version="1.0" encoding="UTF-8"?>`)) {
		t.Errorf("the report begins with %.50q", report)
	}
}

const goodReport = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="x" tests="2" failures="1" time="0.001"><testsuite name="s" tests="2" failures="1" errors="0" skipped="0" time="1.000" timestamp="2026-01-02T03:04:05">
<testcase name="a" classname="c" time="0.100"><failure message="m">text</failure><system-out>out</system-out></testcase>
<testcase name="b"/></testsuite></testsuites>`

// badReports are changes of the good one that make it invalid.
var badReports = [][2]string{
	{"<testsuites name", "<suites name"},
	{"</testsuites>", "</testsuites><testsuites/>"},
	{"</testsuites>", ""},
	{"\n<testcase name=\"a\"", "text<testcase name=\"a\""},
	{`<testsuite name="s" tests`, `<testsuite tests`},
	{` failures="1" errors="0"`, ` failures="1"`},
	{`<testcase name="a" `, `<testcase `},
	{`skipped="0"`, `skipped="-1"`},
	{`skipped="0"`, `skipped="1.5"`},
	{`skipped="0"`, `passed="0"`},
	{`skipped="0"`, `skipped="0" skipped="0"`},
	{`time="1.000"`, `time="1"`},
	{`time="1.000"`, `time="1,000.000"`},
	{`timestamp="2026-01-02T03:04:05"`, `timestamp="yesterday"`},
	{`timestamp="2026-01-02T03:04:05"`, `timestamp="2026-13-02T03:04:05"`},
	{`<failure message="m">text</failure><system-out>out</system-out>`, `<system-out>out</system-out><failure message="m">text</failure>`},
	{`<failure message="m">text</failure>`, `<failure message="m">text</failure><skipped/>`},
	{`<failure message="m">text</failure>`, `<failure kind="m">text</failure>`},
	{`<failure message="m">text</failure>`, `<failure><b/></failure>`},
	{`<failure message="m">text</failure>`, `<error message="m">text</error>`},
	{`<system-out>out`, `<system-out>out<b/>`},
	{`<system-out>out`, "<system-out>\x01"},
	{`<system-out>out`, "<system-out>\xff"},
	{`<system-out>out`, "<system-out>&#1;"},
	{`<testcase name="b"/>`, `<testsuite name="t" tests="0" failures="0" errors="0"/>`},
	{`message="m"`, `message="<"`},
}

// The check finds what is wrong, and agrees with a validator that others wrote.
func TestSchema(t *testing.T) {
	s := readSchema(t)
	reports := map[string]bool{goodReport: true}
	for _, change := range badReports {
		bad := strings.Replace(goodReport, change[0], change[1], 1)
		if bad == goodReport {
			t.Fatalf("nothing is changed by %q", change)
		}
		reports[bad] = false
	}
	for report, valid := range reports {
		if err := s.check([]byte(report)); (err == nil) != valid {
			t.Errorf("%v, want valid %v: %s", err, valid, report)
		}
	}
	t.Run("xmllint", func(t *testing.T) {
		xmllint := need.Program(t, "xmllint", "libxml2-utils")
		for report, valid := range reports {
			lint := exec.Command(xmllint, "--noout", "--nonet", "--schema", "testdata/junit.xsd", "-")
			lint.Stdin = strings.NewReader(report)
			if out, err := lint.CombinedOutput(); (err == nil) != valid {
				t.Errorf("%v, want valid %v: %s%s", err, valid, out, report)
			}
		}
	})
}
