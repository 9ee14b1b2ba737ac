package sessions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// apiAnswer is ZAP's answer to an API call.
type apiAnswer struct {
	Status int
	Body   json.RawMessage
}

// api runs a call of ZAP's API as far as the book has its like.
func (g *game) api() (zap, our, skip string) {
	var want apiAnswer
	g.expect(&want)
	var refusal struct{ Code, Detail string }
	if want.Status != 200 {
		if err := json.Unmarshal(want.Body, &refusal); err != nil {
			g.Fatal(err)
		}
	}
	switch refusal.Code {
	case "missing_parameter", "bad_view", "bad_action", "bad_format", "bad_type", "content_type_not_supported", "no_implementor", "bad_api_key", "disabled":
		return "", "", "ZAP's API dispatcher: " + refusal.Code
	}
	if refusal.Code == "internal_error" && strings.HasPrefix(g.step.Name, "setDefault") {
		return "", "", "ZAP's API dispatcher: a parameter that is no boolean"
	}
	if g.step.Kind == "view" {
		return g.view(&want, refusal.Detail)
	}
	zap = "ok"
	if refusal.Code != "" {
		zap = refusals[refusal.Code+" "+refusal.Detail]
		if refusal.Code == "internal_error" {
			zap = "refused"
		}
	}
	return zap, g.act(), ""
}

// refusals by ZAP's code and detail.
var refusals = map[string]string{
	"illegal_parameter site":      "no such site",
	"illegal_parameter session":   "no such session",
	"already_exists sessionToken": "a default already",
	"does_not_exist sessionToken": "no such default",
}

// act carries an action out, with the subject's names of sessions.
func (g *game) act() string {
	p := maps.Clone(g.step.Params)
	site := zapAPISite(p["site"])
	for _, name := range []string{"session", "oldSessionName", "newSessionName"} {
		if p[name] != "" {
			p[name] = g.translate(who{site, p[name]})
		}
	}
	text, made := g.subject.do(g.step.Name, p)
	if made.name != "" {
		zap := who{site, g.step.Params["session"]}
		if zap.name == "" {
			zap.name = fmt.Sprint("Session ", g.next)
		}
		g.meet(zap, made.name)
		g.zap.text(zap)
		g.our.text(made)
	}
	return text
}

// zapAPISite is ZAP's reading of a site parameter, host in lower
// case.
func zapAPISite(text string) string {
	lower := strings.ToLower(text)
	if !strings.Contains(lower, "://") {
		lower = "http://" + lower
	}
	return zapSite(lower)
}

func (g *game) view(want *apiAnswer, refused string) (zap, our, skip string) {
	if refused == "site" {
		if g.subject.site(g.step.Params["site"]) == nil {
			return "unknown", "unknown", ""
		}
		return "unknown", "known", ""
	}
	switch g.step.Name {
	case "sites":
		var body struct{ Sites []string }
		g.unmarshal(want.Body, &body)
		return listText(body.Sites), listText(g.subject.sites()), ""
	case "defaultSessionTokens":
		var body struct{ DefaultSessionTokens []defaultToken }
		g.unmarshal(want.Body, &body)
		return fmt.Sprint(body.DefaultSessionTokens), fmt.Sprint(g.subject.defaults()), ""
	}
	p := g.subject.site(g.step.Params["site"])
	if p == nil {
		p = &page{name: "unknown", active: "unknown"}
	}
	switch g.step.Name {
	case "activeSession":
		var body map[string]string
		g.unmarshal(want.Body, &body)
		zap := who{zapAPISite(g.step.Params["site"]), body["active_session"]}
		g.meet(zap, p.active)
		return "is " + g.zap.text(zap), "is " + g.our.text(who{p.name, p.active}), ""
	case "sessionTokens":
		var body map[string][]string
		g.unmarshal(want.Body, &body)
		return fmt.Sprintf("tokens %v", body["session_tokens"]), fmt.Sprintf("tokens %v", p.tokens), ""
	case "sessions":
		return g.viewSessions(want, p)
	}
	g.Fatalf("the view %q is none of the format", g.step.Name)
	return "", "", ""
}

func (g *game) unmarshal(body json.RawMessage, into any) {
	g.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		g.Fatalf("body of %s: %v", g.step.Name, err)
	}
}

// viewSessions compares the list of sessions: without an empty one, unless it
// was asked for.
func (g *game) viewSessions(want *apiAnswer, p *page) (zap, our, skip string) {
	var body struct {
		Sessions []struct{ Session [3]json.RawMessage }
	}
	g.unmarshal(want.Body, &body)
	expected, got := &page{name: zapAPISite(g.step.Params["site"])}, &page{name: p.name}
	asked := g.step.Params["session"]
	for _, r := range p.sessions {
		if asked == "" && !r.empty || asked != "" && r.name == g.translate(who{expected.name, asked}) {
			got.sessions = append(got.sessions, r)
		}
	}
	for i, s := range body.Sessions {
		var r row
		var cookies map[string]zapCookie
		var count string
		if json.Unmarshal(s.Session[0], &r.name) != nil || json.Unmarshal(s.Session[1], &cookies) != nil {
			return "", "", "ZAP's JSON encoding of texts that look like JSON"
		}
		g.unmarshal(s.Session[2], &count)
		fmt.Sscan(count, &r.matched)
		for _, c := range cookies {
			r.cookies = append(r.cookies, c.cookie())
		}
		expected.sessions = append(expected.sessions, r)
		if i < len(got.sessions) {
			g.meet(who{expected.name, r.name}, got.sessions[i].name)
		}
	}
	withAttributes := *g.step
	withAttributes.Cookies = true
	g.step = &withAttributes
	return g.stateText(g.zap, expected), g.stateText(g.our, got), ""
}
