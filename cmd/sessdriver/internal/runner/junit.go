package runner

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"sessdriver/scripts"
)

// The JUnit format as most readers take it: that of the Jenkins plugin.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the results as JUnit XML.
func JUnit(w io.Writer, results []Result, at time.Time) error {
	all := junitSuites{Name: "sessdriver"}
	var took time.Duration
	for _, r := range results {
		s := junitSuite{Name: clean(r.File), Time: seconds(r.Took), Timestamp: at.UTC().Format("2006-01-02T15:04:05")}
		for _, c := range r.Cases {
			out := junitCase{Name: clean(c.Name), Class: clean(r.File), Time: seconds(c.Took), Output: clean(strings.Join(c.Output, "\n"))}
			switch c.Status {
			case Failed:
				out.Failure = &junitMessage{clean(c.Message), clean(c.Message)}
				s.Failures++
			case Skipped, NotRun:
				out.Skipped = &junitMessage{Message: clean(c.Message)}
				if c.Status == NotRun {
					out.Skipped.Message = string(NotRun)
				}
				s.Skipped++
			}
			s.Cases = append(s.Cases, out)
		}
		s.Tests = len(s.Cases)
		all.Tests, all.Failures, took = all.Tests+s.Tests, all.Failures+s.Failures, took+r.Took
		all.Suites = append(all.Suites, s)
	}
	all.Time = seconds(took)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// clean makes visible what a terminal would obey, and leaves out what else XML cannot hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, scripts.EscapeLines(text))
}
