package manual

import "testing"

func TestPlain(t *testing.T) {
	for markdown, want := range map[string]string{
		"# A title\n\nText with a [link to\nit](other.md).\n": "# A title\n\nText with a link to\nit.",
		"<!-- begin x -->\ntext\n<!-- end x -->":              "text",
		"```sh\nls | wc\n\n```\nafter":                        "    ls | wc\n\nafter",
		"| a | b |\n|---|---|\n| one | 1 |\n|  | `x\\|y` |\n": "a    b\none  1\n     `x|y`",
		"| in | here |\n|---|---|\n| `New` | a text that is so long that it does not fit beside what it is about |\n| Add | `add` |": "" +
			"  New  a text that is so long that it does not fit beside what it is\n       about\n  Add  `add`",
		"| a | b | c |\n|---|---|---|\n| a term that is too long for its column | `b` | what is said of it, on a line below |\n| x |  | y |": "" +
			"  a term that is too long for its column\n     `b`: what is said of it, on a line below\n  x  y",
	} {
		if got := plain(markdown); got != want {
			t.Errorf("%q is\n%s\nwant\n%s", markdown, got, want)
		}
	}
}
