package scripts

import (
	"strings"
	"unicode/utf8"
)

// scanner reads words and statements. When it stops at an error, what it has of
// the last word stays, for completion.
type scanner struct {
	text string
	at   int
	here Position

	statements []Statement
	words      []Word // of the statement being read
	end        int    // where its last word ends
	word       *Word  // the word being read; nil between words
	value      strings.Builder
	parts      []part // of the word, up to value, where it has variables
	comment    bool   // the text ended in one
	tight      Word   // see Statement
	fault      error
}

func newScanner(text string) *scanner {
	s := &scanner{text: text, here: Position{1, 1}}
	if strings.HasPrefix(text, "\ufeff") { // what some editors begin a file with
		s.at = len("\ufeff")
	}
	return s
}

func (s *scanner) scan() error {
	for s.at < len(s.text) {
		if err := s.step(); err != nil {
			return err
		}
	}
	s.endStatement()
	return s.fault
}

// step reads one character, or a whole quoted or escaped part.
func (s *scanner) step() error {
	switch r := s.peek(); r {
	case '\n', ';':
		s.endStatement()
		s.advance()
	case ' ', '\t', '\r':
		s.endWord()
		s.advance()
	case '\'', '"':
		return s.quoted(r)
	case '\\':
		return s.escaped()
	case '#':
		if s.word == nil {
			s.skipComment()
			return nil
		}
		return s.take()
	default:
		return s.take()
	}
	return nil
}

// take adds the next character to the word.
func (s *scanner) take() error {
	if s.startsVariable() {
		return s.variable()
	}
	return s.copy(false)
}

// variable reads $NAME or ${NAME}.
func (s *scanner) variable() error {
	begun, at := s.here, s.at
	s.begin(true)
	s.advance()
	braces := s.peek() == '{'
	if braces {
		s.advance()
	}
	from := s.at
	for s.at < len(s.text) && isName(s.text[s.at]) {
		s.advance()
	}
	name := s.text[from:s.at]
	if s.value.Len() > 0 {
		s.parts = append(s.parts, part{text: s.value.String()})
		s.value.Reset()
	}
	s.parts = append(s.parts, part{variable: name, position: begun})
	if braces {
		if name == "" || s.at == len(s.text) || s.text[s.at] != '}' {
			return usageAt(begun, "%s… is not a variable; write ${NAME}, with letters, digits and _; for the character itself write '$'", s.text[at:s.at])
		}
		s.advance()
	}
	return nil
}

func isName(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// copy adds the next character to the word as it is.
func (s *scanner) copy(quoted bool) error {
	r := s.peek()
	if r == utf8.RuneError && !strings.HasPrefix(s.text[s.at:], "\ufffd") {
		return usageAt(s.here, "the byte \\x%02x is not UTF-8 text; save the commands as UTF-8", s.text[s.at])
	}
	s.begin(quoted)
	s.value.WriteRune(r)
	s.advance()
	return nil
}

// quoted reads from one quote to the next of its kind.
func (s *scanner) quoted(quote rune) error {
	opened := s.here
	s.begin(true)
	s.advance()
	for s.at < len(s.text) {
		var err error
		switch r := s.peek(); {
		case r == quote:
			s.advance()
			return nil
		case quote == '"' && r == '\\':
			err = s.escapedInQuotes()
		case quote == '"' && s.startsVariable():
			err = s.take()
		default:
			err = s.copy(true)
		}
		if err != nil {
			return err
		}
	}
	return unfinishedAt(opened, string(quote), "the quote %c that begins here is never closed; add another %c", quote, quote)
}

// escaped reads a backslash outside quotes: it takes the meaning from the next
// character, and a line end after it counts for nothing.
func (s *scanner) escaped() error {
	if s.skipLineEnd() {
		return nil
	}
	begun := s.here
	s.begin(true)
	s.advance()
	if s.at == len(s.text) {
		return unfinishedAt(begun, "", `a backslash at the end has nothing to escape; write \\ for a backslash`)
	}
	return s.copy(true)
}

// escapedInQuotes reads a backslash between double quotes, where it is special
// only before a few characters, as in a shell.
func (s *scanner) escapedInQuotes() error {
	if s.skipLineEnd() {
		return nil
	}
	rest := s.text[s.at+1:]
	if rest != "" && strings.IndexByte("\"\\$`", rest[0]) >= 0 {
		s.advance()
	}
	return s.copy(true)
}

// skipLineEnd skips a backslash that joins two lines.
func (s *scanner) skipLineEnd() bool {
	for _, end := range []string{"\\\n", "\\\r\n"} {
		if strings.HasPrefix(s.text[s.at:], end) {
			for range len(end) {
				s.advance()
			}
			return true
		}
	}
	return false
}

func (s *scanner) skipComment() {
	comment, _, more := strings.Cut(s.text[s.at:], "\n")
	if len(s.words) > 0 {
		if word := strings.Fields(comment)[0]; strings.Trim(word, "#") != "" {
			s.tight = Word{Text: word, Position: s.here}
		}
	}
	s.comment = !more
	s.at += len(comment)
}

func (s *scanner) startsVariable() bool {
	rest := s.text[s.at:]
	if len(rest) < 2 || rest[0] != '$' {
		return false
	}
	c := rest[1]
	return c == '_' || c == '{' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (s *scanner) peek() rune {
	r, _ := utf8.DecodeRuneInString(s.text[s.at:])
	return r
}

func (s *scanner) advance() {
	r, size := utf8.DecodeRuneInString(s.text[s.at:])
	s.at += size
	s.here.Column++
	if r == '\n' {
		s.here = Position{s.here.Line + 1, 1}
	}
}

func (s *scanner) begin(quoted bool) {
	if s.word == nil {
		s.word = &Word{Quoted: quoted, Position: s.here, offset: s.at}
	}
}

func (s *scanner) endWord() {
	if s.word == nil {
		return
	}
	s.word.Text = s.value.String()
	if s.parts != nil {
		if s.value.Len() > 0 {
			s.parts = append(s.parts, part{text: s.value.String()})
		}
		s.word.Text, s.word.parts, s.parts = s.text[s.word.offset:s.at], s.parts, nil
	}
	s.words = append(s.words, *s.word)
	s.word, s.end = nil, s.at
	s.value.Reset()
}

func (s *scanner) endStatement() {
	s.endWord()
	if len(s.words) == 0 {
		return
	}
	statement := Statement{Words: s.words, Text: s.text[s.words[0].offset:s.end], comment: s.tight}
	s.words, s.tight = nil, Word{}
	statement.Words, statement.Fails = takeMark(statement.Words)
	if len(statement.Words) == 0 {
		s.fault = usageAt(s.here, "after ! comes a command that must fail, and there is none")
		return
	}
	s.statements = append(s.statements, statement)
}

// takeMark takes the ! off the words of a command that has to fail.
func takeMark(words []Word) (rest []Word, fails bool) {
	if len(words) == 0 || words[0].Quoted || !strings.HasPrefix(words[0].Text, "!") {
		return words, false
	}
	if words[0].Text = words[0].Text[1:]; words[0].Text == "" {
		words = words[1:]
	}
	return words, true
}
