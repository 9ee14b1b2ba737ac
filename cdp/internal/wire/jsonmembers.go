package wire

import (
	"bytes"

	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/chromedp"
)

// eachMember gives the members of a JSON object as they are written, the names without
// their quotes. It reports whether the text is an object; what is in the values is not
// checked. Chrome sends kilobytes about each request, of which we need a few words: this
// takes a quarter of the time of decoding them (BenchmarkEvents), and a third of that of a
// jsontext.Decoder, which checks what is in the values.
func eachMember(text []byte, each func(name, value []byte)) bool {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return false
	}
	text = skipBlank(text[1 : len(text)-1])
	for len(text) > 0 {
		n := valueEnd(text)
		if n < 2 || text[0] != '"' {
			return false
		}
		name := text[1 : n-1]
		text = skipBlank(text[n:])
		if len(text) == 0 || text[0] != ':' {
			return false
		}
		text = skipBlank(text[1:])
		n = valueEnd(text)
		if n == 0 {
			return false
		}
		each(name, text[:n])
		text = skipBlank(text[n:])
		if len(text) == 0 {
			return true
		}
		if text[0] != ',' || len(text) == 1 {
			return false
		}
		text = skipBlank(text[1:])
	}
	return true
}

func skipBlank(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\n' || text[0] == '\t' || text[0] == '\r') {
		text = text[1:]
	}
	return text
}

// valueEnd is where the value ends that a text begins with, 0 when it does not.
func valueEnd(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"':
		return stringEnd(text)
	case '{', '[':
		depth := 0
		for i := 0; i < len(text); i++ {
			switch text[i] {
			case '"':
				n := stringEnd(text[i:])
				if n == 0 {
					return 0
				}
				i += n - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return 0
	}
	if i := bytes.IndexAny(text, ",}] \n\t\r"); i >= 0 {
		return i
	}
	return len(text)
}

// stringEnd is the same for a string.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return 0
		}
		i += n + 1
		slashes := 0
		for text[i-2-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return 0
}

// words reads the values of an event's members. bad says that one was not what it is
// to be.
type words struct{ bad bool }

func (w *words) text(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		w.bad = true
		return ""
	}
	if plain := value[1 : len(value)-1]; bytes.IndexByte(plain, '\\') < 0 {
		return string(plain)
	}
	var text string
	w.decode(value, &text)
	return text
}

func (w *words) decode(value []byte, into any) {
	if jsonv2.Unmarshal(value, into, chromedp.DefaultUnmarshalOptions) != nil {
		w.bad = true
	}
}

// each is [eachMember] of a value that is to be an object.
func (w *words) each(value []byte, each func(name, value []byte)) {
	if !eachMember(value, each) {
		w.bad = true
	}
}
