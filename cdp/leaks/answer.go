package leaks

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer answers a request for /hit/NAME as its query says:
//
//	type and body as given, or with echo the Cookie header; with set, a Set-Cookie;
//	with rotate, a token for whom it sees; with redirect, a redirect of that status;
//	with csp or reports, a policy; with hints or link, what makes the browser ask
//	again or for more; with age, to be cached; with ranges, a long sound
//	of which ranges may be asked for; with stay, open until the browser ends it
func Answer(rw http.ResponseWriter, r *http.Request, h Hit) {
	q, head := h.Query, rw.Header()
	head.Set("Content-Type", q.Get("type"))
	for _, line := range q["set"] {
		head.Add("Set-Cookie", line)
	}
	if who := h.Sender(); q.Has("rotate") && who != Nobody {
		head.Add("Set-Cookie", h.Given(who))
	}
	if r.Header.Get("Upgrade") == "websocket" {
		upgrade(rw, r, q.Has("stay"))
		return
	}
	head.Set("Service-Worker-Allowed", "/")
	if policy := q.Get("csp"); policy != "" {
		head.Set("Content-Security-Policy", policy)
	}
	if url := q.Get("reports"); url != "" {
		head.Set("Reporting-Endpoints", "here=\""+url+"\"")
	}
	if hints := q.Get("hints"); hints != "" {
		head.Set("Accept-CH", hints)
		head.Set("Critical-CH", hints)
		head.Set("Vary", hints)
	}
	if link := q.Get("link"); link != "" {
		head.Set("Link", link)
	}
	if age := q.Get("age"); age != "" {
		head.Set("Cache-Control", "max-age="+age)
	}
	if to := q.Get("redirect"); to != "" {
		head.Set("Location", to)
		status, err := strconv.Atoi(q.Get("status"))
		if err != nil {
			status = http.StatusFound
		}
		rw.WriteHeader(status)
		return
	}
	if file := q.Get("file"); file != "" {
		head.Set("Content-Disposition", "attachment; filename="+file)
	}
	if q.Has("ranges") {
		head.Set("Content-Type", "audio/wav")
		http.ServeContent(rw, r, "", time.Time{}, strings.NewReader(sound))
		return
	}
	if q.Has("echo") {
		io.WriteString(rw, h.Cookie)
		return
	}
	io.WriteString(rw, q.Get("body"))
	if q.Has("stay") {
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// sound is a WAV file of two minutes.
var sound = func() string {
	const seconds, rate = 120, 8000
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+seconds*rate)
	head = append(head, "WAVEfmt "...)
	for _, part := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(rate), uint16(1), uint16(8)} {
		head, _ = binary.Append(head, binary.LittleEndian, part)
	}
	head = binary.LittleEndian.AppendUint32(append(head, "data"...), seconds*rate)
	return string(head) + strings.Repeat("\x80", seconds*rate)
}()

// upgrade answers a WebSocket handshake, and closes unless it is to stay open.
func upgrade(rw http.ResponseWriter, r *http.Request, stay bool) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head := rw.Header()
	head.Del("Content-Type")
	head.Set("Upgrade", "websocket")
	head.Set("Connection", "Upgrade")
	head.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	rw.WriteHeader(http.StatusSwitchingProtocols)
	if c, _, err := rw.(http.Hijacker).Hijack(); err == nil {
		defer c.Close()
		if stay {
			io.Copy(io.Discard, c)
			return
		}
		c.Write([]byte{0x88, 0x02, 0x03, 0xe8}) // close, 1000
	}
}
