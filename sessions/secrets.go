package sessions

import (
	"slices"
	"strings"
	"sync"
)

// minSecret is how long a value has to be that is masked in a text: shorter ones are words,
// which would be masked wherever they stand.
const minSecret = 6

// secrets are the values that are looked for in texts. They are gathered when the first text
// is masked, and after that as they come, so that a line of output costs no more where there
// are many sessions.
type secrets struct {
	mu      sync.Mutex        // guards what follows; it is taken before the book's
	of      map[string]string // as they are, by how they may stand in a text
	lengths map[string][]int  // of those, by their first bytes, longest first

	gathered int // how many there were when all were gathered
}

// newSecrets are the values that came since all were gathered.
type newSecrets struct {
	complete bool // the lists have all that came since the values were gathered
	values   []string
	storages []*savedStorage
}

// maxNewSecrets bounds what is noted: when there is more, all is gathered again.
const maxNewSecrets = 1_000

// value notes one that a session gets.
func (n *newSecrets) value(value string) {
	if n.complete {
		n.values = append(n.values, value)
		n.complete = len(n.values) < maxNewSecrets
	}
}

// savedStorage notes one that gets items.
func (n *newSecrets) savedStorage(s *savedStorage) {
	if n.complete && !slices.Contains(n.storages, s) {
		n.storages = append(n.storages, s)
		n.complete = len(n.storages) < maxNewSecrets
	}
}

// Secret reports whether a text has a value in it that a session has or had.
func (b *Book) Secret(text string) bool {
	found := false
	b.secrets.replace(b, text, nil, "", func(value string) string {
		found = true
		return value
	})
	return found
}

// Text masks in a text what the sessions of a book have or had: the values of cookies, of
// header tokens and of the web storage that is kept for them, and more values besides;
// URLs are shown as [ShowURL] shows them. What stands in a plain text is shown, but for
// users and passwords of URLs: it is the line that the text is about.
func (m Mask) Text(b *Book, text, plain string, more ...string) string {
	if m.Shows() || text == "" {
		return text
	}
	if b == nil {
		b = New(Options{})
	}
	return b.secrets.replace(b, showURLs(text, plain), more, plain, m.Value)
}

// replace puts something in the place of each value that a text has and a plain text has not.
func (s *secrets) replace(b *Book, text string, more []string, plain string, by func(value string) string) string {
	if len(text) < minSecret {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.update(b)
	var extra secrets
	for _, value := range more {
		extra.add(value)
	}
	var out strings.Builder
	from := 0
	for at := 0; at+minSecret <= len(text); {
		form, value := s.find(text[at:])
		if other, its := extra.find(text[at:]); len(other) > len(form) {
			form, value = other, its
		}
		if form == "" || plain != "" && strings.Contains(plain, form) {
			at++
			continue
		}
		out.WriteString(text[from:at])
		out.WriteString(by(value))
		at += len(form)
		from = at
	}
	if from == 0 {
		return text
	}
	out.WriteString(text[from:])
	return out.String()
}

// find is the longest value that a text begins with, as it stands there and as it is.
func (s *secrets) find(text string) (form, value string) {
	for _, n := range s.lengths[text[:minSecret]] {
		if n > len(text) {
			continue
		}
		if value, ok := s.of[text[:n]]; ok {
			return text[:n], value
		}
	}
	return "", ""
}

func (s *secrets) add(value string) {
	if s.of == nil {
		s.of, s.lengths = map[string]string{}, map[string][]int{}
	}
	for _, form := range append(forms(value), value) {
		if len(form) < minSecret {
			continue
		}
		if _, known := s.of[form]; known && form != value {
			continue
		}
		s.of[form] = value
		begins := form[:minSecret]
		if lengths := s.lengths[begins]; !slices.Contains(lengths, len(form)) {
			lengths = append(lengths, len(form))
			slices.SortFunc(lengths, func(a, b int) int { return b - a })
			s.lengths[begins] = lengths
		}
	}
}

// maxForgotten bounds the values that are remembered though no session has them any more.
const maxForgotten = 100_000

// update adds the values that came since the last time.
func (s *secrets) update(b *Book) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, values := b.secretNews, b.secretNews.values
	b.secretNews = newSecrets{complete: true}
	for _, stock := range n.storages {
		values = stock.values(values)
	}
	if len(s.of) > 2*s.gathered+maxForgotten {
		s.of, s.lengths, n.complete = nil, nil, false
	}
	if !n.complete {
		values = b.values()
	}
	for _, value := range values {
		s.add(value)
	}
	if !n.complete {
		s.gathered = len(s.of)
	}
}

// values lists what sessions have or had.
func (b *Book) values() (values []string) {
	for _, site := range b.sites {
		for _, session := range site.sessions {
			values = session.values(values)
		}
	}
	return values
}

func (s *session) values(values []string) []string {
	for _, h := range s.cookies {
		values = append(values, h.Value)
	}
	for _, p := range s.earlier {
		values = append(values, p.value)
	}
	for _, c := range s.changes {
		if c.is != nil {
			values = append(values, c.is.Value)
		}
	}
	for _, h := range s.headers {
		values = append(values, h.Value, h.token())
	}
	if s.savedStorage != nil {
		values = s.savedStorage.values(values)
	}
	return values
}

// token is what stands behind Bearer, as pages know it.
func (f Field) token() string {
	_, token, _ := strings.Cut(f.Value, " ")
	return token
}

// values adds what is kept, but for what is too long to be a token.
func (s *savedStorage) values(values []string) []string {
	for _, area := range s.items {
		for _, items := range area {
			for _, item := range items.list() {
				if len(item[1]) <= maxHeaderToken {
					values = append(values, item[1])
				}
			}
		}
	}
	return values
}
