package cdp

import (
	"context"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// outbox writes to a browser behind a network without waiting: whoever is in between
// may take nothing while we do not read.
type outbox struct {
	chromedp.Transport
	queue *queue[*cdproto.Message]
}

func newOutbox(t chromedp.Transport) *outbox {
	o := &outbox{t, newQueue[*cdproto.Message]()}
	go o.run()
	return o
}

func (o *outbox) run() {
	for {
		messages := o.queue.take(nil)
		if len(messages) == 0 {
			return
		}
		for _, m := range messages {
			if o.Transport.Write(context.Background(), m) != nil {
				o.Close() // the reader sees it
				return
			}
		}
	}
}

// Write satisfies chromedp.Transport.
func (o *outbox) Write(_ context.Context, m *cdproto.Message) error {
	copied := *m
	o.queue.push(&copied)
	return nil
}

// Close satisfies chromedp.Transport.
func (o *outbox) Close() error {
	o.queue.close()
	return o.Transport.Close()
}
