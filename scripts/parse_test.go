package scripts

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// shape is the words of each command.
func shape(statements []Statement) [][]string {
	list := [][]string{}
	for _, s := range statements {
		var words []string
		for _, w := range s.Words {
			words = append(words, w.Text)
		}
		list = append(list, words)
	}
	return list
}

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want [][]string
	}{
		{"", [][]string{}},
		{" \t\r\n;;\n# only a comment; ls", [][]string{}},
		{"use alice", [][]string{{"use", "alice"}}},
		{"use 'Session 1';ls", [][]string{{"use", "Session 1"}, {"ls"}}},
		{"open http://h/?a=1&b=(2)*#frag # comment", [][]string{{"open", "http://h/?a=1&b=(2)*#frag"}}},
		{"ls\r\nsites\r\n", [][]string{{"ls"}, {"sites"}}},
		{`new "a \"b\" \$c \x 'd'"`, [][]string{{"new", `a "b" $c \x 'd'`}}},
		{`new 'a\b'\''c'"d"`, [][]string{{"new", `a\b'cd`}}},
		{`new a\ b\;c\#\$HOME`, [][]string{{"new", "a b;c#$HOME"}}},
		{"new ''", [][]string{{"new", ""}}},
		{"new a\\\nb \\\n  c \\\r\nd", [][]string{{"new", "ab", "c", "d"}}},
		{"new \"a\\\nb\" 'a\nb'", [][]string{{"new", "ab", "a\nb"}}},
		{"new a#b '#c' #d\nls", [][]string{{"new", "a#b", "#c"}, {"ls"}}},
		{"new $5 a$ $", [][]string{{"new", "$5", "a$", "$"}}},
		{"\ufeffls", [][]string{{"ls"}}},
		{"new 日本 \ufffd", [][]string{{"new", "日本", "\ufffd"}}},
	}
	for _, test := range tests {
		statements, err := Parse(test.text)
		if err != nil || !reflect.DeepEqual(shape(statements), test.want) {
			t.Errorf("Parse(%q) = %q, %v; want %q", test.text, shape(statements), err, test.want)
		}
	}
}

func TestParsePlaces(t *testing.T) {
	statements, err := Parse("ls # é\n  new é 'b c' ;quit")
	if err != nil {
		t.Fatal(err)
	}
	second := statements[1]
	if got := second.Position(); got != (Position{2, 3}) {
		t.Errorf("new is at %v", got)
	}
	if got := second.Words[2].Position; got != (Position{2, 9}) || !second.Words[2].Quoted {
		t.Errorf("'b c' is at %v", got)
	}
	check(t, "text", second.Text, "new é 'b c'")
	if got := statements[2].Position(); got != (Position{2, 16}) {
		t.Errorf("quit is at %v", got)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		text string
		at   Position
		want string
	}{
		{"ls\nuse 'bob\nls", Position{2, 5}, "the quote ' that begins here is never closed"},
		{`use "bob`, Position{1, 5}, `the quote " that begins here is never closed`},
		{`use "bob\`, Position{1, 5}, "never closed"},
		{`use bob\`, Position{1, 8}, "a backslash at the end has nothing to escape"},
		{"use ${NAME", Position{1, 5}, "${NAME… is not a variable"},
		{"use ${}", Position{1, 5}, "is not a variable"},
		{"ls\n  as bob; ls", Position{2, 3}, "never closed"},
		{"ls; end", Position{1, 5}, "no block"},
		{"as bob\nls\nend now", Position{3, 5}, "end takes no arguments"},
		{"ls; !", Position{1, 6}, "a command that must fail"},
		{`use "a ${x-y}"`, Position{1, 8}, "for the character itself write '$'"},
		{"use é\xff", Position{1, 6}, `the byte \xff is not UTF-8`},
		{"use 'a\xc3'", Position{1, 7}, `the byte \xc3 is not UTF-8`},
		{"use a\\\xc3", Position{1, 7}, `the byte \xc3 is not UTF-8`},
	}
	for _, test := range tests {
		_, err := Parse(test.text)
		u, ok := err.(*UsageError)
		if !ok || u.Position != test.at || !strings.Contains(u.Text, test.want) {
			t.Errorf("Parse(%q): %+v; want %q at %v", test.text, err, test.want, test.at)
		}
	}
}

func TestQuote(t *testing.T) {
	tests := map[string]string{
		"": "''", "alice": "alice", "Session 1": "'Session 1'", "it's": `"it's"`, `it's "$x"`: `'it'\''s "$x"'`,
		"--all": "'--all'", "#1": "'#1'", "a#1": "a#1", "http://h/?a&b": "http://h/?a&b", "a\u00a0b": "'a\u00a0b'", "*": "*",
	}
	for text, want := range tests {
		check(t, "Quote "+text, Quote(text), want)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "it's", `\`, "$x", "\ufeff", "--x", "#", "a\r\n;", `'"$`, "é\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip()
		}
		statements, err := Parse(Quote(text))
		if err != nil || len(statements) != 1 || len(statements[0].Words) != 1 {
			t.Fatalf("%q is quoted as %q: %v, %v", text, Quote(text), statements, err)
		}
		if w := statements[0].Words[0]; w.Text != text || w.isFlag() {
			t.Fatalf("%q is quoted as %q, read as %q", text, Quote(text), w.Text)
		}
	})
}

// FuzzParse: reading never panics, and what was read reads back the same from
// its own source and from its words quoted.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"ls; use 'a b' # c\nnew \"x\\\"\"", "a\\\nb", "'", `"`, `\`, "$x", "\xff", "a;;b", "\ufeff#", "\ufeff\ufeff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		statements, err := Parse(text)
		if err != nil {
			if u, ok := err.(*UsageError); !ok || u.Position.Line < 1 || u.Position.Column < 1 {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		for _, s := range statements {
			var quoted []string
			for _, w := range s.Words {
				quoted = append(quoted, Quote(w.Text))
			}
			for _, source := range []string{s.Text, strings.Join(quoted, " ")} {
				again, err := Parse(" " + source) // the blank: a mark is taken off the beginning only
				if err != nil || !reflect.DeepEqual(shape(again), shape([]Statement{s})) {
					t.Fatalf("%q reads back as %q, %v", source, shape(again), err)
				}
			}
		}
	})
}
