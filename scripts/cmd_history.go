package scripts

import (
	"cmp"
	"context"

	"sessdriver/sessions"
)

func historyCommands() []*Command {
	return []*Command{
		{
			Name:    "session show",
			Summary: "Show when and from which URL each value of a session came",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail: "An asterisk marks the values that the session has now. SOURCE is response, request, jar, script " +
				"(no response set it) or user. Only the last 64 changes are kept.",
			Example: "session show alice",
			run:     runShow,
		},
		{
			Name:    "session revert",
			Summary: "Undo the last change of a session's cookies",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail:  "What one response or one script changed together is undone together. If the session is active, the browser gets the earlier values; the server may not accept them any more. A second revert undoes the first.",
			Example: "session revert Session 3",
			run:     runRevert,
		},
		{
			Name:    "session split",
			Summary: "Undo a login that replaced a session: it becomes a session of its own",
			Params:  []Param{{Name: "NAME", Kind: KindSession}, {Name: "NEW", Kind: KindName, Optional: true}},
			Flags:   []Flag{siteFlag},
			Detail: "A new session, named NEW or after its number, gets the present cookies, and the old one has those from before the login again. " +
				"If the old one was active, the new one is active now, since the browser is logged in as it.",
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
		return Result{Text: head + "; it has never had a value", Value: []sessions.Value{}}, nil
	}
	t := newTable(" ", "WHEN", "NAME", "VALUE", "SOURCE", "URL")
	for i := range values {
		v := &values[i]
		v.Value = e.Mask.Value(v.Value)
		t.add(present(*v), e.age(v.At), v.Name, shown(*v), string(v.Source), cmp.Or(v.URL, "-"))
	}
	return Result{Text: head + "\n" + t.String(), Value: values}, nil
}

func present(v sessions.Value) string {
	if v.Present {
		return "*"
	}
	return ""
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
	if err := e.Browser.Revert(ctx, session.Ref()); err != nil {
		return Result{}, doing("reverting "+named(session), err, "see: ls")
	}
	session, err = e.Book.Session(session.Ref(), e.now())
	if err != nil {
		return Result{}, err
	}
	session = e.masked(session)
	text := sayf("%s: %s is back at %s", session.Site, session.Name, sessions.Mask{}.Cookies(session.Tokens))
	if len(session.Tokens) == 0 {
		text = sayf("%s: %s has no tokens again", session.Site, session.Name)
	}
	return Result{Text: text, Value: session}, nil
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
