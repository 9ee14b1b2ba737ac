package scripts

import (
	"context"
	"errors"
	"regexp"
	"strings"
)

// unclear is what Go says of a context that has ended.
var unclear = regexp.MustCompile(`([A-Z]\w+\.\w+: )?context (deadline exceeded|canceled)`)

// Plain puts into words what Go says at a timeout or an interrupt. Front
// ends show no error and no notice without it.
func Plain(text string) string {
	return unclear.ReplaceAllStringFunc(text, func(said string) string {
		if strings.HasSuffix(said, "canceled") {
			return "interrupted"
		}
		return "it took too long"
	})
}

// timedOut is the text of an error, in words where the time was over.
func timedOut(err error) string { return Plain(err.Error()) }

// endedError is an error because the script was ended, with the reason in its words.
type endedError struct {
	text       string
	cause, why error
}

func (e *endedError) Error() string { return e.text }

func (e *endedError) Unwrap() []error { return []error{e.cause, e.why} }

// ended says why the context has ended, where that is what an error comes from.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) || errors.As(err, new(*CommandError)) { // that is of a block, and has it
		return err
	}
	why := context.Cause(ctx)
	said := Plain(why.Error())
	text := unclear.ReplaceAllLiteralString(err.Error(), said)
	if !strings.Contains(text, said) {
		text += " (" + said + ")"
	}
	return &endedError{text, err, why}
}
