// Package settings keeps what a user wants on every run in files that a person
// can read and edit, under the XDG configuration directory.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"sessdriver/cmd/sessdriver/internal/bounded"
	"sessdriver/sessions"
)

// head is the comment that begins the file of default tokens.
const head = `# The default tokens of sessdriver: cookie names that count on every site.
# A line has a pattern (any case; * any run, ? one character), a tab, the kind, a tab and where it comes from.
# The kind is token (identifies the session) or carry (travels with it); "token off" and "carry off" are not used.
# An empty list stays empty. Without this file the built-in list is used.
`

// maxFile bounds the files that a person may edit, in bytes.
const maxFile = 1 << 20

// DefaultsFile is where the default tokens are kept:
// $XDG_CONFIG_HOME/sessdriver/default-tokens.tsv, ~/.config without the
// variable.
func DefaultsFile() (string, error) { return path("default-tokens.tsv") }

// StateDir is where a run leaves what the next one needs after a kill:
// $XDG_STATE_HOME/sessdriver, ~/.local/state without the variable.
func StateDir() (string, error) { return base("XDG_STATE_HOME", ".local/state") }

func path(name string) (string, error) {
	dir, err := base("XDG_CONFIG_HOME", ".config")
	return filepath.Join(dir, name), err
}

// base is our part of a directory of the XDG specification.
func base(variable, usual string) (string, error) {
	dir := os.Getenv(variable)
	if !filepath.IsAbs(dir) { // the specification says to ignore others
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding the home directory, since %s is not set: %w", variable, err)
		}
		dir = filepath.Join(home, usual)
	}
	return filepath.Join(dir, "sessdriver"), nil
}

// LoadDefaults reads the default tokens, the built-in ones when there is no
// file. An error names the file and the line.
func LoadDefaults() ([]sessions.Default, error) {
	file, err := DefaultsFile()
	if err != nil {
		return sessions.StandardDefaults(), nil // nowhere to keep a list
	}
	text, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return sessions.StandardDefaults(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the default tokens: %w", err)
	}
	list, err := sessions.ParseDefaults(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; correct the line, or remove the file to use the built-in list", file, err)
	}
	return list, nil
}

// SaveDefaults replaces the file, in one step.
func SaveDefaults(list []sessions.Default) error {
	file, err := DefaultsFile()
	if err != nil {
		return err
	}
	if err := replace(file, head+sessions.FormatDefaults(list)); err != nil {
		return fmt.Errorf("saving the default tokens: %w", err)
	}
	return nil
}

// read reads a file. One whose folder cannot be there, or cannot be looked into (another
// user's home, say), does not exist: nothing was ever kept in it.
func read(file string) ([]byte, error) {
	text, err := bounded.File(file, maxFile)
	if _, hidden := os.Lstat(file); errors.Is(err, syscall.ENOTDIR) || errors.Is(hidden, fs.ErrPermission) {
		err = fs.ErrNotExist
	}
	return text, err
}

// RemoveDefaults goes back to the built-in list on every run.
func RemoveDefaults() error {
	file, err := DefaultsFile()
	if err == nil {
		err = os.Remove(file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// replace writes a file so that it is, at any moment, the old or the new one.
func replace(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once it is renamed
	_, err = temp.WriteString(text)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
