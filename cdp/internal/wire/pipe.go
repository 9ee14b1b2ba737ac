package wire

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"strconv"

	"github.com/chromedp/cdproto"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// pipe is chromedp's connection to a browser that we started, but for reading: of a
// message only what says whose it is is looked at.
type pipe struct {
	*chromedp.PipeConn
	in *bufio.Reader
}

// NewPipe is the connection to a browser that reads commands from one pipe and writes
// events into another (--remote-debugging-pipe).
func NewPipe(events, commands *os.File) chromedp.Transport {
	const size = 64 << 10 // what a pipe holds
	return &pipe{chromedp.NewPipeConn(events, commands), bufio.NewReaderSize(events, size)}
}

// Read satisfies chromedp.Transport.
func (p *pipe) Read(_ context.Context, m *cdproto.Message) error {
	text, err := p.in.ReadBytes(0)
	if err != nil {
		if err == io.EOF && len(text) > 0 {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	text = text[:len(text)-1]
	if peek(text, m) {
		return nil
	}
	return jsonv2.Unmarshal(text, m, chromedp.DefaultUnmarshalOptions)
}

// peek reads a message that looks as Chrome writes them:
//
//	{"method":"M","params":{…},"sessionId":"S"}
//	{"id":1,"result":{…},"sessionId":"S"}
//
// It reports false for any other, of chromedp's for one. The parameters and the result
// are parts of the text, not checked.
func peek(text []byte, m *cdproto.Message) bool {
	text, ok := bytes.CutSuffix(text, []byte(`"}`))
	at := bytes.LastIndexByte(text, '"') + 1
	const session = `,"sessionId":"`
	if !ok || at < len(session) || string(text[at-len(session):at]) != session {
		return false
	}
	id := text[at:]
	text = text[:at-len(session)]
	if !bytes.HasSuffix(text, []byte{'}'}) || bytes.IndexByte(id, '\\') >= 0 {
		return false
	}
	if rest, is := bytes.CutPrefix(text, []byte(`{"method":"`)); is {
		method, params, ok := bytes.Cut(rest, []byte(`","params":`))
		if !ok || bytes.ContainsAny(method, `"\`) || !bytes.HasPrefix(params, []byte{'{'}) {
			return false
		}
		m.Method, m.Params = cdproto.MethodType(method), params
	} else {
		rest, is := bytes.CutPrefix(text, []byte(`{"id":`))
		number, result, ok := bytes.Cut(rest, []byte(`,"result":`))
		n, err := strconv.ParseInt(string(number), 10, 64)
		if !is || !ok || err != nil || !bytes.HasPrefix(result, []byte{'{'}) {
			return false
		}
		m.ID, m.Result = n, result
	}
	m.SessionID = target.SessionID(id)
	return true
}
