// Package manual holds the pages of the manual. They are Markdown, to be read in the
// repository; `sessdriver help`, the prompt and the manual page show them as plain text.
package manual

import (
	"embed"
	"strings"
	"sync"

	"sessdriver/scripts"
)

//go:embed *.md
var files embed.FS

// Pages lists the pages by name.
var Pages = sync.OnceValue(func() []scripts.Topic {
	entries, _ := files.ReadDir(".") // cannot fail: it is embedded
	var list []scripts.Topic
	for _, entry := range entries {
		text, _ := files.ReadFile(entry.Name())
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		list = append(list, scripts.Topic{Name: strings.TrimSuffix(entry.Name(), ".md"), Title: title, Text: plain(string(text))})
	}
	return list
})
