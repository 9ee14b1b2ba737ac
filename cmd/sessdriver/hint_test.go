package main

import (
	"testing"

	"sessdriver/scripts"
)

func TestHint(t *testing.T) {
	const page = "[--into VARIABLE] [--timeout TIME]"
	tests := map[string]string{
		"":          "",
		"us":        "",
		"nonsense ": "",
		"session ":  "",

		"use":                       " NAME [--site SITE] [--wait] [--all-sites]",
		"use ":                      "NAME [--site SITE] [--wait] [--all-sites]",
		"  session use ":            "NAME [--site SITE] [--wait] [--all-sites]",
		"use al":                    " [--site SITE] [--wait] [--all-sites]",
		"use alice ":                "[--site SITE] [--wait] [--all-sites]",
		"use 'a b' --wait ":         "[--site SITE] [--all-sites]",
		"use --site":                " SITE NAME [--wait] [--all-sites]",
		"use --site ":               "SITE NAME [--wait] [--all-sites]",
		"use --site shop.test ":     "NAME [--wait] [--all-sites]",
		"use --site=shop.test bob ": "[--wait] [--all-sites]",
		"use --si":                  "te",
		"use --nonsense":            "",
		"use --wait --wai":          "",
		"use --si=":                 "",
		"use --si ":                 "NAME [--site SITE] [--wait] [--all-sites]",
		"use '--wait' ":             "[--site SITE] [--wait] [--all-sites]",
		"use -- ":                   "NAME",
		"use -- --wait ":            "",
		"quit ":                     "",

		"fill '#user' ":                          "TEXT [--timeout TIME]",
		"expect not selector ":                   "SELECTOR [TEXT] [--timeout TIME]",
		"expect selector '#user' a b ":           "[--timeout TIME]",
		"open shop.test --ti":                    "meout",
		"request GET shop.test --da":             "ta",
		"request GET shop.test --t":              "imeout",
		"watch --s":                              "",
		"watch --si":                             "te",
		"text $X ":                               page,
		"request GET shop.test --header 'A: b' ": "[--header TEXT] [--data TEXT] [--as SESSION] " + page,

		"ls; use ":           "NAME [--site SITE] [--wait] [--all-sites]",
		"ls;":                "",
		"ls ; ":              "",
		"ls # use ":          "",
		"print 'use ":        "",
		`print \`:            "",
		"!use ":              "NAME [--site SITE] [--wait] [--all-sites]",
		"! ":                 "",
		"as ":                "NAME [--site SITE]",
		"as bob; tab ":       "[NUMBER]",
		"as bob\nas al\nls ": "[SITE] [--site SITE] [--all]",
		"as bob\nls\nend ":   "",
	}
	registry := scripts.NewRegistry()
	for text, want := range tests {
		if got := hint(registry, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
