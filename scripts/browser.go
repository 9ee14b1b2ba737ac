package scripts

// Browser is what the commands need of a browser. All of it acts on the current tab and its
// window. Each group of commands declares its part where it stands.
type Browser interface {
	Tab // site.go, for all commands
	Opener
	Actor
	Frames
	Reader
	Traffic
	Requester
	Switcher
	Reverter
	Tokens
	Sites
	Windows
	Storage
	Guard
	Observer
}
