package force

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// JournalFile is in the folder of a user's profile, or in one of its own.
const JournalFile = "sessdriver-journal.json"

// maxJournal bounds what is read of it, in bytes: many times what jars hold.
const maxJournal = 64 << 20

// journal keeps in a file what the jars held before we changed them, so that the
// next start puts it back when this run is killed. It holds
// secrets: the file is 0600 and goes as soon as the jars are as they were. A nil
// journal keeps nothing.
type journal struct {
	file string

	mu      sync.Mutex // guards entries, and the file
	entries []entry
}

// entry is one cookie as a jar had it, or, expired, the lack of it.
type entry struct {
	Context cdp.BrowserContextID `json:"window"`
	Site    string               `json:"site"`
	Cookie  *network.CookieParam `json:"cookie"`
	id      identity
}

// note writes down what a plan is about to change in a jar, each cookie once.
func (j *journal) note(in cdp.BrowserContextID, site string, plan sessions.Plan, jar []sessions.Cookie, parameter func(sessions.Cookie) *network.CookieParam) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.entries)
	add := func(id identity, c *network.CookieParam) {
		if !slices.ContainsFunc(j.entries, func(e entry) bool { return e.Context == in && e.id == id }) {
			j.entries = append(j.entries, entry{in, site, c, id})
		}
	}
	for _, c := range plan.Delete {
		add(identityOf(c), parameter(c))
	}
	for _, c := range plan.Set {
		id := identityOf(c)
		if i := slices.IndexFunc(jar, func(old sessions.Cookie) bool { return identityOf(old) == id }); i >= 0 {
			add(id, parameter(jar[i]))
		} else {
			add(id, removal(c))
		}
	}
	if len(j.entries) == before {
		return nil
	}
	return j.save()
}

// renew replaces what a jar held by what it would get back now: the user's own session has
// newer tokens, and the old ones are dead. present is called while nobody else renews.
func (j *journal) renew(in cdp.BrowserContextID, site string, present func() []sessions.Cookie, parameter func(sessions.Cookie) *network.CookieParam) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.ContainsFunc(j.entries, func(e entry) bool { return e.Context == in && e.Site == site }) {
		return nil
	}
	changed := false
	for _, c := range present() {
		id, now := identityOf(c), parameter(c)
		i := slices.IndexFunc(j.entries, func(e entry) bool { return e.Context == in && e.id == id })
		switch {
		case i < 0:
			j.entries = append(j.entries, entry{in, site, now, id})
		case j.entries[i].Cookie.Value == now.Value:
			continue
		default:
			j.entries[i].Cookie = now
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return j.save()
}

// drop forgets a jar that is as it was.
func (j *journal) drop(in cdp.BrowserContextID, site string) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.entries)
	j.entries = slices.DeleteFunc(j.entries, func(e entry) bool { return e.Context == in && e.Site == site })
	if len(j.entries) == before {
		return nil
	}
	return j.save()
}

// save replaces the file in one step.
func (j *journal) save() error {
	if len(j.entries) == 0 {
		return j.remove()
	}
	text, err := jsonv2.Marshal(j.entries, chromedp.DefaultMarshalOptions)
	if err != nil {
		return fmt.Errorf("keeping a journal of the cookies: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(j.file), ".new-*") // 0600
	if err != nil {
		return fmt.Errorf("keeping a journal of the cookies: %w", err)
	}
	defer os.Remove(temp.Name()) // fails once it is renamed
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("keeping a journal of the cookies: %w", err)
	}
	return os.Rename(temp.Name(), j.file)
}

func (j *journal) remove() error {
	if err := os.Remove(j.file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// load returns what a run before left behind: it was killed.
func (j *journal) load() ([]entry, error) {
	if j == nil {
		return nil, nil
	}
	file, err := os.Open(j.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(file, maxJournal)) // one that is longer is no JSON then
		file.Close()
	}
	var list []entry
	if err == nil {
		err = jsonv2.Unmarshal(text, &list, chromedp.DefaultUnmarshalOptions)
	}
	if err != nil || slices.ContainsFunc(list, func(e entry) bool { return e.Cookie == nil }) {
		return nil, &fault.Error{Kind: fault.BadJournal, Object: j.file,
			Err: fmt.Errorf("the last run was killed, and its journal %s, which says how to put the cookies back, cannot be read", j.file)}
	}
	return list, nil
}

// Recover puts back what the last run changed in the jars before it was killed.
func (en *Engine) Recover(ctx context.Context) error {
	list, err := en.mirror.journal.load()
	if err != nil || len(list) == 0 {
		return err
	}
	var sites []string
	for _, e := range list {
		// A window or a cookie that Chrome does not know any more is nothing
		// to put back. The mark of a jar goes with it.
		for _, c := range []*network.CookieParam{e.Cookie, removal(plant)} {
			if err := en.mirror.set(ctx, e.Context, []*network.CookieParam{c}); err != nil && ctx.Err() != nil {
				return err
			}
		}
		if !slices.Contains(sites, e.Site) {
			sites = append(sites, e.Site)
			en.notice("%s: the last run was killed; its changes to the cookies were taken back", e.Site)
		}
	}
	return en.mirror.journal.remove()
}
