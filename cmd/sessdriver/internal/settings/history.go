package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sessdriver/cmd/sessdriver/internal/bounded"
)

const (
	historyFile = "history"
	// maxHistory bounds the lines that are kept.
	maxHistory = 1000
	// maxHistoryFile bounds the file, in bytes.
	maxHistoryFile = 16 << 20
)

// LoadHistory reads the lines of the prompt of earlier runs, the oldest first.
func LoadHistory() ([]string, error) {
	file, err := historyPath()
	if err != nil {
		return nil, err
	}
	text, err := bounded.File(file, maxHistoryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w; to begin anew, remove it", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) <= maxHistory {
		return lines, nil
	}
	lines = lines[len(lines)-maxHistory:]
	return lines, replace(file, strings.Join(lines, "\n")+"\n")
}

// AddHistory adds a line to those that later runs are shown. One of several lines is not
// kept.
func AddHistory(line string) error {
	file, err := historyPath()
	if err != nil || strings.ContainsAny(line, "\r\n") {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.WriteString(line + "\n")
	return errors.Join(err, out.Close())
}

func historyPath() (string, error) {
	dir, err := StateDir()
	return filepath.Join(dir, historyFile), err
}
