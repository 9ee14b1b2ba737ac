package scripts

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What is written where others read it (errors, reports, the history) has no secrets in it.
// What a command is there to show is shown as it is, unless the results are for a report.

// maskText is a text about a command as others may see it: what the sessions have, and what
// secret variables hold, is masked unless the command has it in plain text.
func (e *Engine) maskText(text string, s Statement) string {
	return e.Mask.Text(e.Book, text, s.plain(), e.Vars.secrets()...)
}

// Hide is a text that no command has written, as others may see it.
func (e *Engine) Hide(text string) string { return e.maskText(text, Statement{}) }

// maskError is an error of a command, likewise. It stays the error that it is.
func (e *Engine) maskError(err error, s Statement) error {
	text := err.Error()
	if hidden := e.maskText(text, s); hidden != text {
		return &maskedError{hidden, err}
	}
	return err
}

type maskedError struct {
	text  string
	cause error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Unwrap() error { return e.cause }

// reported is a result as it is given away.
func (e *Engine) reported(text string, s Statement) string {
	if !e.Reports {
		return text
	}
	return e.maskText(text, s)
}

// maskText is a text from a page as messages have it, before anything is cut off it.
func (c *call) maskText(text string) string { return c.engine.maskText(text, c.statement) }

// masked is an argument with what secret variables hold masked, however short that is.
func (c *call) masked(param string) string {
	if masked, ok := c.maskedArgs[param]; ok {
		return masked
	}
	return c.args[param]
}

// plain is what the command has in plain text: as it is written, and without quotes.
func (s Statement) plain() string {
	list := []string{s.Text}
	for _, w := range s.Words {
		if w.parts == nil {
			list = append(list, w.Text)
		}
		for _, p := range w.parts {
			list = append(list, p.text)
		}
	}
	return strings.Join(list, "\n")
}

// secretNames are what variables are called that hold a secret.
var secretNames = regexp.MustCompile(`(?i)passw|passphrase|passcode|secret|token|credential|bearer|apikey|(pw|pwd|pass)\d*$|(^|_)(pw|pwd|pass|key|auth|authorization|otp|totp|pin|cookie|jwt|sid)s?(_|\d|$)`)

// secrets lists the values of secret variables, and what was typed into password fields.
func (v *Vars) secrets() []string {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	list := slices.Clone(v.typed)
	for name, value := range v.list {
		if secretNames.MatchString(name) {
			list = append(list, value)
		}
	}
	return list
}

// isSecret reports whether a variable holds a secret.
func (v *Vars) isSecret(name string) bool {
	value, _ := v.get(name)
	v.mu.Lock()
	defer v.mu.Unlock()
	return secretNames.MatchString(name) || slices.Contains(v.typed, value)
}

// noteSecret remembers what was typed into a field whose text is a secret.
func (c *call) noteSecret(ctx context.Context, selector, text string) {
	v := c.engine.Vars
	if v == nil || text == "" || c.engine.Mask.Shows() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if secret, _ := c.engine.Browser.Secret(ctx, selector); !secret {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.typed = with(v.typed, text)
}
