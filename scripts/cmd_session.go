package scripts

import (
	"context"
	"fmt"
	"strings"

	"sessdriver/sessions"
)

// Switcher changes the active session. Its methods answer when every request that starts
// later belongs to it; with wait, when the reloads are committed too. An error of the book stays
// one that errors.As finds.
type Switcher interface {
	Use(ctx context.Context, ref sessions.Ref, wait bool) (sessions.Switch, error)
	New(ctx context.Context, site, name string, wait bool) (sessions.Switch, error)

	// Unset where nothing is active is no error: its Switch has no session (number 0).
	Unset(ctx context.Context, site string, wait bool) (sessions.Switch, error)

	// Remove answers with the session as it was.
	Remove(ctx context.Context, ref sessions.Ref) (sessions.Switch, error)
}

var waitFlag = Flag{Name: "wait", Summary: "wait until the reloaded tabs show the new page (commands that act on the page do so anyway)"}

func sessionCommands() []*Command {
	return []*Command{
		{
			Name: "session use", Aliases: []string{"use"},
			Summary: "Force a session: every later request of its site is part of it",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag, waitFlag, {Name: "all-sites", Summary: "also on every other site that has a session of this name"}},
			Detail: "NAME is a number from ls, a name or the beginning of one, or SITE/NAME. " +
				"The site's open tabs are reloaded, so that none goes on showing another session. " +
				"Where one site logs its visitors in at another (single sign-on), switch both with --all-sites; otherwise the other site may log the earlier user in again.",
			Example: "use alice\nuse 2\nuse Session 3\nuse blog.test/carol\nuse alice --all-sites",
			run:     runUse,
		},
		{
			Name: "session new", Aliases: []string{"new"},
			Summary: "Make an empty session and force it, ready for another login",
			Params:  []Param{{Name: "NAME", Kind: KindName, Optional: true, Rest: true}},
			Flags:   []Flag{siteFlag, waitFlag},
			Detail: "Without NAME the session is called after its number. The other sessions stay as they are. " +
				"Write SITE/NAME, or SITE/ alone, for another site than the current tab's; it need not be open.",
			Example: "new\nnew dave\nnew blog.test/erin",
			run:     runNew,
		},
		{
			Name: "session unset", Aliases: []string{"unset"},
			Summary: "Stop forcing a session, and put the browser's cookies back",
			Params:  []Param{{Name: "SITE", Kind: KindSite, Optional: true}},
			Flags:   []Flag{siteFlag, waitFlag},
			Detail:  "The browser gets the present cookies of the session that it had before the first use or new.",
			Example: "unset\nunset blog.test",
			run:     runUnset,
		},
		{
			Name: "session rename", Aliases: []string{"rename"},
			Summary: "Give a session another name",
			Params:  []Param{{Name: "OLD", Kind: KindSession}, {Name: "NEW", Kind: KindName}},
			Flags:   []Flag{siteFlag},
			Detail:  "A name with spaces needs quotes; OLD may also be the number from ls.",
			Example: "rename 3 admin\nrename 'alice' \"Alice A.\"",
			run:     runRename,
		},
		{
			Name: "session remove", Aliases: []string{"rm"},
			Summary: "Forget a session and take its cookies out of the browser",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail:  "If it is forced, no session is forced afterwards, and no earlier cookies are put back. The server does not know: there the login goes on.",
			Example: "rm alice\nrm Session 3",
			run:     runRemove,
		},
	}
}

func runUse(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	if c.has("all-sites") {
		return c.useAll(ctx, session)
	}
	return c.use(ctx, session)
}

func (c *call) use(ctx context.Context, session sessions.Session) (Result, error) {
	done, err := c.engine.Browser.Use(ctx, session.Ref(), c.has("wait"))
	if err != nil {
		return Result{}, doing("forcing "+named(session), err, "see what is active with: ls")
	}
	if err := refused(session, done); err != nil {
		return Result{}, err
	}
	return c.engine.switched(done), nil
}

// useAll forces the sessions that have the name of this one, on all sites; its value
// is a list. The sites of the others come first: they may be asked for its login.
func (c *call) useAll(ctx context.Context, session sessions.Session) (Result, error) {
	e := c.engine
	list := []sessions.Session{}
	for _, site := range e.Book.Sites() {
		for _, s := range e.Book.Sessions(site.Name, e.now()) {
			if s.Name == session.Name && s.Site != session.Site {
				list = append(list, s)
			}
		}
	}
	var texts []string
	values := []sessions.Switch{}
	for _, s := range append(list, session) {
		r, err := c.use(ctx, s)
		if err != nil {
			return Result{}, err
		}
		texts, values = append(texts, r.Text), append(values, r.Value.(sessions.Switch))
	}
	return Result{Text: strings.Join(texts, "\n"), Value: values}, nil
}

// refused is the error where Chrome does not take a session's cookies.
func refused(session sessions.Session, done sessions.Switch) error {
	if len(done.Refused) == 0 {
		return nil
	}
	return fmt.Errorf("%s is active, but Chrome refuses its %s, so requests are sent without it; see: session show %s",
		named(session), strings.Join(done.Refused, ", "), Quote(session.Name))
}

func runNew(ctx context.Context, c *call) (Result, error) {
	site, name, err := c.splitNewSite(c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	if name != "" {
		if err := checkNew(name); err != nil {
			return Result{}, err
		}
	}
	done, err := c.engine.Browser.New(ctx, site, name, c.has("wait"))
	if err != nil {
		return Result{}, doing("making a session on "+site, err, "see what is active with: ls")
	}
	return c.engine.switched(done), nil
}

func runUnset(ctx context.Context, c *call) (Result, error) {
	site, err := c.site(c.args["SITE"])
	if err != nil {
		return Result{}, err
	}
	done, err := c.engine.Browser.Unset(ctx, site, c.has("wait"))
	if err != nil {
		return Result{}, doing("unsetting the session of "+site, err, "see what is active with: ls")
	}
	if done.Session.Number == 0 {
		return c.engine.answer(sayf("%s: no session was forced", site), done), nil
	}
	head := sayf("%s: no session is forced any more (it was %s); %s", site, done.Session.Name, reloaded(done))
	return c.engine.answer(head, done), nil
}

func runRename(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["OLD"])
	if err != nil {
		return Result{}, err
	}
	if err := checkNew(c.args["NEW"]); err != nil {
		return Result{}, err
	}
	if err := c.engine.Book.Rename(session.Ref(), c.args["NEW"]); err != nil {
		return Result{}, doing("renaming "+named(session), err, "see: ls")
	}
	text := sayf("%s: %s is now %s", session.Site, session.Name, c.args["NEW"])
	session.Name = c.args["NEW"]
	return Result{Text: text, Value: c.engine.masked(session)}, nil
}

func runRemove(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	done, err := c.engine.Browser.Remove(ctx, session.Ref())
	if err != nil {
		return Result{}, doing("removing "+named(session), err, "see what is left with: ls")
	}
	head := sayf("%s: %s removed, its cookies are out of the browser", session.Site, session.Name)
	if len(session.Active) > 0 {
		head += "; no session is forced now"
	}
	return c.engine.answer(head, done), nil
}

// switched says that a session was made the active one.
func (e *Engine) switched(done sessions.Switch) Result {
	s := done.Session
	head := sayf("%s: %s is active; %s", s.Site, s.Name, reloaded(done))
	switch s.State {
	case sessions.Empty:
		head += sayf("\n%s is empty: the next login on %s goes into it", s.Name, s.Site)
	case sessions.LoggedOut:
		head += sayf("\n%s is logged out and sends no token: log in again in the browser", s.Name)
	}
	return e.answer(head, done)
}

// answer is the result of a switch: the head, and the browser's notes.
func (e *Engine) answer(head string, done sessions.Switch) Result {
	lines := []string{head}
	for _, note := range done.Notes {
		lines = append(lines, Escape(note))
	}
	done.Session = e.masked(done.Session)
	return Result{Text: strings.Join(lines, "\n"), Value: done}
}

func reloaded(done sessions.Switch) string {
	text := "no tab reloaded"
	if done.Reloaded > 0 {
		text = plural(done.Reloaded, "tab") + " reloaded"
	}
	if done.Streams > 0 {
		holders := "pages that hold them"
		if done.Streams == 1 {
			holders = "page that holds it"
		}
		text += "; " + plural(done.Streams, "socket") + " of the session before still open (reload or close the " + holders + ")"
	}
	return text
}

// named is a session in an error, which is escaped as a whole.
func named(s sessions.Session) string { return `"` + s.Name + `" on ` + s.Site }
