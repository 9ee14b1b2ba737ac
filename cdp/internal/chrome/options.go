package chrome

// Options of a browser that is started.
type Options struct {
	Path                    string // of the program
	Headless                bool
	Width, Height           int    // of its windows; zero leaves them to the browser
	NoStartupWindow         bool   // it begins without a window
	Profile                 string // directory; "" for a temporary one that is removed at the end
	Preferences             string // more preferences of a temporary profile: members of a JSON object
	Proxy                   string
	DebugPort               int // a DevTools port on loopback for other clients; 0 for none
	IgnoreCertificateErrors bool
	NoSandbox               bool     // always on for root, since Chrome refuses to run otherwise
	LoadExtensions          bool     // lets the pipe load some
	Arguments               []string // more command-line arguments
}
