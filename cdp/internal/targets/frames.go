package targets

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"sessdriver/sessions"
)

// frame is where a frame or worker is. It goes with its page: Chrome does not tell
// of the frames of a page that is closed.
type frame struct {
	window sessions.Window
	page   target.ID // "" for a worker, and where it is not known
}

// WindowOfFrame finds the window of a frame, worker or page. One that is not known
// is the main window's, as long as there is no other.
func (t *Set) WindowOfFrame(id cdp.FrameID) (w sessions.Window, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, known := t.frames[id]
	return f.window, known || len(t.ids) == 0
}

// Frames is a set of all frames and workers.
func (t *Set) Frames() map[cdp.FrameID]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := make(map[cdp.FrameID]bool, len(t.frames))
	for id := range t.frames {
		ids[id] = true
	}
	return ids
}

// SetFrame notes a frame that a target told of.
func (t *Set) SetFrame(id cdp.FrameID, of *Tab) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.placeFrame(id, of)
}

// SetWindow notes the window of a frame or worker that no target told of.
func (t *Set) SetWindow(id cdp.FrameID, in cdp.BrowserContextID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.frames[id]; !known {
		t.frames[id] = frame{window: t.window(in)}
	}
}

func (t *Set) placeFrame(id cdp.FrameID, of *Tab) {
	f := frame{of.Window, t.frames[id].page}
	if of.Kind == "page" {
		f.page = of.ID
	} else if f.page == "" {
		f.page = t.frames[cdp.FrameID(of.ID)].page // a frame within a frame
	}
	t.frames[id] = f
}

// DropFrame forgets a frame that is gone.
func (t *Set) DropFrame(id cdp.FrameID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frames[id].window == sessions.Main { // see Remove
		delete(t.frames, id)
	}
}

// PageOf finds the page that a frame or worker is in, "" where it is not known. shared
// says that it is a worker of several pages.
func (t *Set) PageOf(id cdp.FrameID) (of target.ID, shared bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tab := range t.order {
		if cdp.FrameID(tab.ID) == id && (tab.Kind == "service_worker" || tab.Kind == "shared_worker") {
			return "", true
		}
	}
	return t.frames[id].page, false
}

// PageWith is the id of the page that a target is in: its own where that is not known.
func (t *Set) PageWith(tab *Tab) target.ID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if of := t.frames[cdp.FrameID(tab.ID)].page; of != "" {
		return of
	}
	return tab.ID
}

// pageWith is the page that a target is part of, nil where that is not known.
func (t *Set) pageWith(tab *Tab) *Tab {
	if tab.Kind == "page" {
		return tab
	}
	return t.page(t.frames[cdp.FrameID(tab.ID)].page)
}

// Top is the URL of the page that a target is in: its own where that is not known.
func (t *Set) Top(tab *Tab) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if page := t.page(t.frames[cdp.FrameID(tab.ID)].page); page != nil {
		return page.document.URL
	}
	return tab.document.URL
}

// TopAt is the URL of the page that a frame is in, "" where that is not known, and for
// its top frame: a request of that may be for the next document.
func (t *Set) TopAt(frame cdp.FrameID) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.page(target.ID(frame)) != nil {
		return ""
	}
	if id := t.frames[frame].page; id != "" {
		if page := t.page(id); page != nil {
			return page.document.URL
		}
	}
	return ""
}

// FrameTarget is the target of a frame that has a process of its own, nil for others.
func (t *Set) FrameTarget(id cdp.FrameID) *Tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, candidate := range t.order {
		if candidate.Kind == "iframe" && cdp.FrameID(candidate.ID) == id {
			return candidate
		}
	}
	return nil
}
