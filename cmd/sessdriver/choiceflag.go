package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"sessdriver/sessions"
)

// choice is the value of a flag that takes one of a few words.
type choice[T ~string] struct {
	sessions.Choice[T]
	value *T
}

// choose declares such a flag. The present value is the default.
func choose[T ~string](f *pflag.FlagSet, value *T, of sessions.Choice[T], name, usage string) {
	f.Var(&choice[T]{of, value}, name, usage)
}

func (c *choice[T]) Set(text string) error {
	chosen, err := c.Parse(text)
	if err == nil {
		*c.value = chosen
	}
	return err
}

// String is the word that was chosen; pflag asks the zero value, too.
func (c *choice[T]) String() string {
	if c.value == nil {
		return ""
	}
	return string(*c.value)
}

func (*choice[T]) Type() string { return "choice" }

// badFlag is an error of pflag's: of a choice, without what it says twice.
func badFlag(err error) error {
	if bad := (*pflag.InvalidValueError)(nil); errors.As(err, &bad) && bad.GetFlag().Value.Type() == "choice" {
		return fmt.Errorf("--%s: %w", bad.GetFlag().Name, bad.Unwrap())
	}
	return err
}
