package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sessdriver/cmd/sessdriver/internal/shop"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// Page is what the demo does by hand in the current tab.
type Page interface {
	Fill(ctx context.Context, selector, text string) error
	Click(ctx context.Context, selector string) error
	Text(ctx context.Context, selector string) (string, error)
}

// Step is one step of the demo and its proof.
type Step struct {
	Number  int    `json:"step"`
	Do      string `json:"do"`
	Page    string `json:"page"`   // what the page in the tab shows
	Server  string `json:"server"` // whom the server saw, and in which of its sessions
	Session string `json:"session"`
	Note    string `json:"note,omitempty"`
	OK      bool   `json:"ok"`
	Problem string `json:"problem,omitempty"`
}

// Report gets the steps as they are done.
type Report interface {
	Step(Step)
	End(failed int)
}

// stepTimeout bounds one step.
const stepTimeout = 30 * time.Second

// Run does the demo and reports each step. It returns an error when a step does
// not hold; the steps after it are not done.
func Run(ctx context.Context, s *Shop, page Page, engine *scripts.Engine, report Report) error {
	d := &demo{shop: s, page: page, engine: engine}
	for i, play := range d.steps() {
		step := d.do(ctx, i+1, play)
		report.Step(step)
		if !step.OK {
			report.End(1)
			return fmt.Errorf("the demo: step %d (%s) failed: %s", step.Number, step.Do, step.Problem)
		}
	}
	report.End(0)
	return nil
}

type demo struct {
	shop   *Shop
	page   Page
	engine *scripts.Engine
}

// play is a step to be done: what, and what must hold afterwards.
type play struct {
	do      string // a command line, or words for what login does
	login   string // log in as this user instead
	user    string // whom page and server must see; "" for nobody
	session string // the session that the site is on
	foreign string // whose order the page shows, for the hole
}

func (d *demo) steps() []play {
	return []play{
		{login: "alice", user: "alice", session: "Session 1"},
		{do: "new", session: "Session 2"},
		{login: "bob", user: "bob", session: "Session 2"},
		{do: "use 1", user: "alice", session: "Session 1"},
		{do: "use 2", user: "bob", session: "Session 2"},
		{do: "new", session: "Session 3"},
		{do: "use 1", user: "alice", session: "Session 1"},
		{do: "use 2", user: "bob", session: "Session 2"},
		{do: "open " + d.shop.URL + "orders/1001", user: "bob", session: "Session 2", foreign: "alice"},
	}
}

func (d *demo) do(ctx context.Context, number int, p play) Step {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	step := Step{Number: number, Do: p.do}
	var err error
	if p.login != "" {
		step.Do = "log in as " + p.login
		err = d.login(ctx, p.login)
	} else {
		err = d.command(ctx, p.do)
	}
	if err == nil {
		err = d.prove(ctx, p, &step)
	}
	if err != nil {
		step.Problem = err.Error()
	}
	step.OK = err == nil
	return step
}

// command runs a command; a switch waits until the tab shows the new session.
func (d *demo) command(ctx context.Context, line string) error {
	if !strings.HasPrefix(line, "open ") {
		line += " --wait"
	}
	_, err := d.engine.Run(ctx, line)
	return err
}

// login goes through the shop's own login page.
func (d *demo) login(ctx context.Context, user string) error {
	if _, err := d.engine.Run(ctx, "open "+d.shop.URL+"login"); err != nil {
		return err
	}
	if err := d.page.Fill(ctx, "#user", user); err != nil {
		return err
	}
	if err := d.page.Fill(ctx, "#password", shop.Password(user)); err != nil {
		return err
	}
	return d.page.Click(ctx, "#submit")
}

// prove asks the page and the server who they see, and the book what it has.
func (d *demo) prove(ctx context.Context, p play, step *Step) error {
	badge := "Not signed in"
	if p.user != "" {
		badge = "Signed in as " + p.user
	}
	shown, err := d.page.Text(ctx, "#badge")
	if err != nil {
		return err
	}
	step.Page = strings.TrimSpace(shown)
	seen := d.shop.lastSeen()
	step.Server = nobody(seen.User) + " in its session " + seen.Session
	session, err := d.session(ctx)
	if err != nil {
		return err
	}
	step.Session = session
	switch {
	case step.Page != badge:
		return fmt.Errorf("the page says %q, not %q", step.Page, badge)
	case seen.User != p.user:
		return fmt.Errorf("the server saw %s, not %s", nobody(seen.User), nobody(p.user))
	case session != p.session:
		return fmt.Errorf("the site is on %q, not on %q", session, p.session)
	case p.foreign != "":
		return d.proveHole(ctx, p, step)
	}
	return nil
}

// proveHole shows what forcing is good for: an order that another user can read.
func (d *demo) proveHole(ctx context.Context, p play, step *Step) error {
	owner, err := d.page.Text(ctx, "#owner")
	if err != nil {
		return err
	}
	if !strings.Contains(owner, p.foreign) {
		return fmt.Errorf("the order is %q's, not %s's", owner, p.foreign)
	}
	step.Note = fmt.Sprintf("%s reads %s's order: the shop's access-control hole", p.user, p.foreign)
	return nil
}

// session is the session that the shop's site is on: the active one, else the
// only one.
func (d *demo) session(ctx context.Context) (string, error) {
	if err := d.engine.Browser.Settle(ctx); err != nil {
		return "", err
	}
	now := time.Now()
	site := d.engine.Book.SiteOf(d.shop.URL)
	if active, ok := d.engine.Book.Active(sessions.Main, site, now); ok {
		return active.Name, nil
	}
	for _, session := range d.engine.Book.Sessions(site, now) {
		if session.State == sessions.Live {
			return session.Name, nil
		}
	}
	return "", fmt.Errorf("no session was detected on %s", site)
}

func nobody(user string) string {
	if user == "" {
		return "nobody"
	}
	return user
}
