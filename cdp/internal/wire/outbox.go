package wire

import (
	"context"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// outbox is a transport to which writing never waits.
type outbox struct {
	chromedp.Transport
	queue *Queue[*cdproto.Message]
}

// QueueWrites gives a transport to which writing never waits. It is for a browser behind a
// network: whoever is in between may take nothing while we do not read.
func QueueWrites(t chromedp.Transport) chromedp.Transport {
	o := &outbox{t, NewQueue[*cdproto.Message]()}
	go o.run()
	return o
}

func (o *outbox) run() {
	for {
		messages := o.queue.Take(nil)
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
	o.queue.Push(&copied)
	return nil
}

// Close satisfies chromedp.Transport.
func (o *outbox) Close() error {
	o.queue.Close()
	return o.Transport.Close()
}
