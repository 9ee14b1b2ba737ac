package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
)

// The bound: what no driver can save. Nothing is on but what a mode needs, and what the
// browser sends is read and thrown away; of a paused request only its id is looked for.

func rawObserve(_ context.Context, address string) (func(), error) { return raw(address, false) }

func rawFetch(_ context.Context, address string) (func(), error) { return raw(address, true) }

var (
	session   = regexp.MustCompile(`"method":"Target.attachedToTarget","params":\{"sessionId":"(\w+)"`)
	requestID = regexp.MustCompile(`"requestId":"([^"]+)"`)
)

func raw(address string, pause bool) (func(), error) {
	toBrowser, commands, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	events, fromBrowser, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	end, err := startPiped([]*os.File{toBrowser, fromBrowser})
	if err != nil {
		return nil, err
	}
	toBrowser.Close()
	fromBrowser.Close()
	id := 0
	say := func(format string, args ...any) {
		id++
		fmt.Fprintf(commands, `{"id":%d,%s`+"\x00", id, fmt.Sprintf(format, args...))
	}
	if pause {
		say(`"method":"Fetch.enable","params":{"patterns":[{"urlPattern":"*://localhost:*/*"}]}}`)
	} else {
		say(`"method":"Target.setAutoAttach","params":{"autoAttach":true,"waitForDebuggerOnStart":false,"flatten":true,"filter":[{"type":"page"}]}}`)
	}
	ready := make(chan bool)
	go func() {
		for in := bufio.NewReaderSize(events, 64<<10); ; {
			text, err := in.ReadSlice(0)
			switch {
			case err == bufio.ErrBufferFull:
			case err != nil:
				return
			case bytes.HasPrefix(text, []byte(`{"method":"Fetch.requestPaused"`)):
				say(`"method":"Fetch.continueRequest","params":{"requestId":"%s"}}`, requestID.FindSubmatch(text)[1])
			case bytes.HasPrefix(text, []byte(`{"method":"Target.attached`)):
				if found := session.FindSubmatch(text); found != nil {
					say(`"method":"Network.enable","params":{},"sessionId":"%s"}`, found[1])
				}
			case ready != nil && bytes.HasPrefix(text, []byte(`{"id":1,`)):
				close(ready)
				ready = nil
			}
		}
	}()
	<-ready
	say(`"method":"Target.createTarget","params":{"url":%q}}`, address)
	return end, nil
}
