package scripts

import (
	"context"

	"sessdriver/sessions"
)

// Browser is what the commands need of a browser. All of it acts on the current
// tab and its window.
type Browser interface {
	// Window and Location are those of the current tab; Location is "" when
	// there is none.
	Window() sessions.Window
	Location() string

	// Open and Reload answer when the page has loaded.
	Open(ctx context.Context, url string) error
	Reload(ctx context.Context) error

	// What a person does on a page. A selector is as in help selectors; what it finds is
	// waited for until the context ends. They answer when what they lead to has loaded.
	Click(ctx context.Context, selector string) error
	Fill(ctx context.Context, selector, text string) error
	Choose(ctx context.Context, selector, option string) error
	Check(ctx context.Context, selector string, on bool) error
	Press(ctx context.Context, key string) error // where the focus is
	PressOn(ctx context.Context, selector, key string) error
	Upload(ctx context.Context, selector string, files []string) error
	Go(ctx context.Context, by int) error // back -1, forward 1

	// Enter lets the commands above and below look into a frame of what they look at now,
	// Leave at the page itself again.
	Enter(ctx context.Context, selector string) error
	Leave()

	// AnswerDialogs says how the dialogs that follow are answered; LastDialog is the last
	// one that was, nil for none.
	AnswerDialogs(accept bool, text string)
	LastDialog() *sessions.DialogView

	// Requests lists those that were answered after the first since, 0 or less for all that
	// are known and math.MaxInt64 for none, with their count and what is closed when there are more. Acted
	// is the count when the page was last acted on. Idle waits until none is under way.
	Requests(since int64) (list []sessions.RequestView, count int64, changed <-chan struct{})
	Acted() int64
	Idle(ctx context.Context) error

	// Secret reports whether a selector finds a field whose text nobody is to see; known
	// is false where that cannot be told any more.
	Secret(ctx context.Context, selector string) (secret, known bool)

	// What the page is like now. Eval gives JSON, Screenshot a PNG; Response is not ok
	// where the browser did not tell. Look is an Eval that only reads.
	Eval(ctx context.Context, script string) (string, error)
	Look(ctx context.Context, script string) (string, error)
	Texts(ctx context.Context, selector string) ([]string, error) // each in one line
	InnerTexts(ctx context.Context, selector string) ([]string, error)
	HTML(ctx context.Context) (string, error)
	Title(ctx context.Context) (string, error)
	Screenshot(ctx context.Context, whole bool) ([]byte, error)
	Response() (status int, header func(name string) string, ok bool)

	// Request makes the browser ask for a URL, as a session or, for the zero Ref, as the
	// window is.
	Request(ctx context.Context, as sessions.Ref, method, url string, headers [][2]string, body string) (status int, text string, err error)

	// Use, New and Unset change the active session. They answer when every
	// request that starts later belongs to it; with wait, when the reloads
	// are committed too. Unset where nothing is active is no error: its
	// Switch has no session (number 0). An error of the book stays one that
	// errors.As finds.
	Use(ctx context.Context, ref sessions.Ref, wait bool) (sessions.Switch, error)
	New(ctx context.Context, site, name string, wait bool) (sessions.Switch, error)
	Unset(ctx context.Context, site string, wait bool) (sessions.Switch, error)

	// Reloaded answers when the current tab has loaded what these reload there. It is an
	// error only when the context ends.
	Reloaded(ctx context.Context) error

	// Remove answers with the session as it was.
	Remove(ctx context.Context, ref sessions.Ref) (sessions.Switch, error)
	AddToken(ctx context.Context, site, name string, kind sessions.Kind) error
	RemoveToken(ctx context.Context, site, name string) error

	// Revert, Accept and Split change a session's cookies, see the book's. They answer
	// when the jars are in step again. The first two show the tabs anew where the session
	// is active, as Use does.
	Revert(ctx context.Context, ref sessions.Ref, to int) (sessions.Switch, error)
	Accept(ctx context.Context, ref sessions.Ref) (sessions.Switch, error)
	Split(ctx context.Context, ref sessions.Ref, name string) (sessions.Session, error)

	// SplitSite and JoinSite change where sites end, see the book's. They
	// return the name of the site, and answer when the jars are in step again.
	SplitSite(ctx context.Context, host string) (string, error)
	JoinSite(ctx context.Context, host string) (string, error)

	// Windows and Tabs list what is open. SelectWindow and SelectTab make a tab
	// the current one and bring it to the front. A window that is not there is a
	// *sessions.NoWindowError.
	Windows() []sessions.WindowView
	Tabs() []sessions.TabView
	SelectWindow(ctx context.Context, w sessions.Window) error
	SelectTab(ctx context.Context, number int) error

	// OpenWindow makes an isolated window where the session is forced (none for
	// the zero Ref) and shows a URL in it, or fails and leaves no window.
	// CloseWindow ends one.
	OpenWindow(ctx context.Context, w sessions.Window, ref sessions.Ref, url string) (sessions.Switch, error)
	CloseWindow(ctx context.Context, w sessions.Window) error

	// Jar returns the cookies of the window.
	Jar(ctx context.Context) ([]sessions.Cookie, error)

	// Guard is when requests of forced sites are checked, and whether they are now.
	Guard() (mode sessions.Guard, checking bool)
	SetGuard(ctx context.Context, mode sessions.Guard) error

	// Observation is how the cookies that servers hand out are learnt.
	Observation() sessions.Observation
	SetObservation(ctx context.Context, how sessions.Observation) error

	// Stored lists the web storage that the open pages of a site have in the window;
	// travels says that it goes and comes with the session.
	Stored(ctx context.Context, site string) (list []sessions.Stored, travels bool, err error)

	// Settle answers when everything the browser told up to now is booked.
	Settle(ctx context.Context) error
}
