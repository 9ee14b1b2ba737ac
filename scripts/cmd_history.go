package scripts

import (
	"cmp"
	"context"
	"strconv"

	"sessdriver/sessions"
)

// Reverter changes a session's cookies, see the book's. Its methods answer when the jars
// are in sync again. Revert and Accept reload the tabs where the session is active, as Use
// does.
type Reverter interface {
	Revert(ctx context.Context, ref sessions.Ref, to int) (sessions.Switch, error)
	Accept(ctx context.Context, ref sessions.Ref) (sessions.Switch, error)
	Split(ctx context.Context, ref sessions.Ref, name string) (sessions.Session, error)
}

func historyCommands() []*Command {
	return []*Command{
		{
			Name:    "session show",
			Summary: "Show when and from which URL each value of a session came",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail: "An asterisk marks the values that the session has now, an exclamation mark those of another login that was reported. " +
				"SOURCE is response, request, jar, script (no response set it) or user. # is what session revert goes back to. " +
				"Of each cookie the last twenty changes are remembered, and the values before each of the last twenty such logins.",
			Example: "session show alice",
			run:     runShow,
		},
		{
			Name:    "session revert",
			Summary: "Undo the last change of a session's cookies, or go back to an earlier one",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag, {Name: "to", Kind: KindChange, Summary: "go back to how the cookies were right after this change, by its number in: session show"}},
			Detail:  "What one response or one script changed together is undone together. If the session is active, the browser gets the earlier values and the site's open tabs are reloaded, as by use; the server may not accept the values any more. A second revert undoes the first.",
			Example: "session revert Session 3\nsession revert 3 --to 1",
			run:     runRevert,
		},
		{
			Name:    "session accept",
			Summary: "Let a session take over a login that was withheld from it",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail: "If the reload of a switch brings another login, or an answer brings another session's token, the session keeps what it has, and a notice says so. " +
				"This command gives it the new values after all; where it is active, the site's open tabs are reloaded. session split separates the two again, and session revert goes back.",
			Example: "session accept alice",
			run:     runAccept,
		},
		{
			Name:    "session split",
			Summary: "Undo a login that replaced a session: it becomes a session of its own",
			Params:  []Param{{Name: "NAME", Kind: KindSession}, {Name: "NEW", Kind: KindName, Optional: true}},
			Flags:   []Flag{siteFlag},
			Detail: "A new session, named NEW or after its number, gets the present cookies, and the old one has those from before the login again. " +
				"If the old one was active, the new one is active now, since the browser is logged in as it. " +
				"It is about the last login that was reported (see session show), never about a revert: where that took the login back, only the new session is made.",
			Example: "session split 3 frank",
			run:     runSplit,
		},
	}
}

func runShow(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	e := c.engine
	values, err := e.Book.History(session.Ref())
	if err != nil {
		return Result{}, doing("showing "+named(session), err, "see: ls")
	}
	head := sayf("%s: %s is %s", session.Site, session.Name, string(session.State))
	if len(values) == 0 {
		if len(session.Headers) > 0 {
			return Result{Text: head + " by headers alone, which have no history; see: ls", Value: []sessions.Value{}}, nil
		}
		return Result{Text: head + "; it has never had a value", Value: []sessions.Value{}}, nil
	}
	if session.Withheld {
		head += sayf("; another login was withheld from it: session accept %s", Quote(session.Name))
	}
	t := newTable("#", " ", "WHEN", "NAME", "VALUE", "SOURCE", "URL")
	for i := range values {
		v := &values[i]
		v.Value = e.Mask.Value(v.Value)
		t.add(strconv.Itoa(v.Number), marked(*v), e.age(v.At), v.Name, shown(*v), string(v.Source), cmp.Or(v.URL, "-"))
	}
	return Result{Text: head + "\n" + t.String(), Value: values}, nil
}

func marked(v sessions.Value) string {
	text := ""
	if v.Present {
		text = "*"
	}
	if v.Replaced {
		text += "!"
	}
	return text
}

func shown(v sessions.Value) string {
	if v.Deleted {
		return "deleted"
	}
	return v.Value
}

func runRevert(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	e := c.engine
	to := 0
	if c.has("to") {
		to, _ = strconv.Atoi(c.flags["to"]) // checked by its kind
	}
	done, err := e.Browser.Revert(ctx, session.Ref(), to)
	if err != nil {
		return Result{}, doing("reverting "+named(session), err, "see: session show "+Quote(session.Name))
	}
	is := sayf("is back at %s", e.shownTokens(done.Session))
	if len(done.Session.Tokens) == 0 {
		is = "has no tokens again"
	}
	return e.cookiesChanged(done, is)
}

func runAccept(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	done, err := c.engine.Browser.Accept(ctx, session.Ref())
	if err != nil {
		return Result{}, doing("accepting what was withheld from "+named(session), err, "see: session show "+Quote(session.Name))
	}
	return c.engine.cookiesChanged(done, sayf("has the new login: %s", c.engine.shownTokens(done.Session)))
}

// shownTokens are those of a session, for a message.
func (e *Engine) shownTokens(s sessions.Session) string {
	return sessions.Mask{}.Cookies(e.masked(s).Tokens)
}

// cookiesChanged says what a session is like since its cookies were changed, and what was
// reloaded where it is active.
func (e *Engine) cookiesChanged(done sessions.Switch, is string) (Result, error) {
	s := done.Session
	if err := refused(s, done); err != nil {
		return Result{}, err
	}
	head := sayf("%s: %s ", s.Site, s.Name) + is
	if len(s.Active) > 0 {
		head += "; " + reloaded(done)
	}
	return e.answer(head, done), nil
}

func runSplit(ctx context.Context, c *call) (Result, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	name := c.args["NEW"]
	if name != "" {
		if err := checkNew(name); err != nil {
			return Result{}, err
		}
	}
	part, err := c.engine.Browser.Split(ctx, session.Ref(), name)
	if err != nil {
		return Result{}, doing("splitting "+named(session), err, "see: session show "+Quote(session.Name))
	}
	text := sayf("%s: %s has the new login, %s is as it was before", part.Site, part.Name, session.Name)
	return Result{Text: text, Value: c.engine.masked(part)}, nil
}
