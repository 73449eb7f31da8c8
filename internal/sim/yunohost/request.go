package yunohost

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// request is one request to the API while it is worked out.
type request struct {
	http   *http.Request
	path   string // below /yunohost/api
	body   []byte
	s      *State
	now    time.Time
	locked time.Duration // how long it waited for the lock
	odd    func(string)
}

func (q *request) serve() *reply {
	method := q.http.Method
	if method == http.MethodOptions {
		return &reply{status: http.StatusNoContent, whole: true}
	}
	switch method + " " + q.path {
	case "GET /installed":
		return &reply{ctype: jsonType, body: encode(object{{"installed", q.s.Installed}})}
	case "POST /login":
		return q.login()
	case "GET /logout":
		x := q.s.session(q.http, q.now)
		if x == nil {
			return textReply(http.StatusUnauthorized, "You are not logged in")
		}
		q.s.logout(x)
		return &reply{ctype: htmlType, body: []byte("Logged out"), cookies: []string{cookieName + `=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=-1; Path=/yunohost/api`}}
	case "GET /sse":
		return q.events()
	}
	looked := method
	if method == http.MethodHead {
		looked = http.MethodGet
	}
	route, values := table().match(looked, q.path)
	if route == nil {
		q.remark("no such route")
		return q.page(http.StatusMethodNotAllowed, "Method not allowed.", q.allowed())
	}
	if q.http.Header.Get("X-Requested-With") == "" {
		q.remark("without X-Requested-With")
	}
	if q.forged() {
		return q.page(http.StatusForbidden, "CSRF protection", "")
	}
	x := q.s.session(q.http, q.now)
	if x == nil && route.spec.Action != "tools.postinstall" {
		return textReply(http.StatusUnauthorized, "Authentication required")
	}
	if method == http.MethodHead {
		return textReply(http.StatusBadRequest, "")
	}
	by := "root"
	if x != nil {
		by = x.User
	}
	return q.act(route, values, by)
}

// remark reports what is odd about the request.
func (q *request) remark(what string) {
	if q.odd != nil {
		q.odd(q.http.Method + " " + q.path + ": " + what)
	}
}

func (q *request) allowed() string {
	methods := table().methods(q.path)
	for special, method := range map[string]string{"/login": "POST", "/logout": "GET", "/sse": "GET", "/installed": "GET"} {
		if q.path == special {
			methods = []string{method, "OPTIONS"}
			if method == "POST" {
				methods = []string{"OPTIONS", method}
			}
		}
	}
	return strings.Join(methods, ",")
}

// forged is the guard against requests from foreign pages: a POST that a plain HTML
// form could send needs the header that it can't send.
func (q *request) forged() bool {
	if q.http.Method != http.MethodPost || q.http.Header.Get("X-Requested-With") != "" {
		return false
	}
	ctype, _, _ := strings.Cut(q.http.Header.Get("Content-Type"), ";")
	return ctype == "text/plain" || ctype == "multipart/form-data" || ctype == "application/x-www-form-urlencoded"
}

func (q *request) login() *reply {
	form, _, f := q.form(nil)
	if f != nil {
		return q.fault(f, nil, nil, "")
	}
	name, password := first(form["username"]), first(form["password"])
	if credentials, ok := form["credentials"]; ok {
		name, password, _ = strings.Cut(first(credentials), ":")
	} else if form["username"] == nil || form["password"] == nil {
		return textReply(http.StatusBadRequest, "Missing credentials parameter")
	}
	x, ok := q.s.login(name, password, q.now)
	if !ok {
		return textReply(http.StatusUnauthorized, q.translate("invalid_credentials", "Invalid password or username"))
	}
	token, err := q.s.token(x)
	if err != nil {
		return textReply(http.StatusInternalServerError, err.Error())
	}
	return &reply{ctype: htmlType, body: []byte("Logged in"), cookies: []string{cookieName + "=" + token + "; HttpOnly; Path=/yunohost/api; SameSite=strict; Secure"}}
}

func (q *request) events() *reply {
	if q.s.Installed && q.s.session(q.http, q.now) == nil {
		return textReply(http.StatusUnauthorized, "You are not logged in")
	}
	var b strings.Builder
	b.WriteString("retry: 100\n\n")
	for _, l := range q.s.Logs {
		if q.now.Sub(l.Started) < time.Hour {
			fmt.Fprintf(&b, "event: recent_history\ndata: %s\n\n", encode(object{{"operation_id", l.Name}, {"title", describe(l.Name)}, {"success", l.status()},
				{"started_at", float64(l.Started.Unix())}, {"started_by", l.By}}))
		}
	}
	fmt.Fprintf(&b, "event: heartbeat\ndata: %s\n\n", encode(object{{"current_operation", nil}, {"cmdline", nil}, {"timestamp", float64(q.now.UnixMicro()) / 1e6}, {"started_by", nil}}))
	return &reply{ctype: "text/event-stream", body: []byte(b.String()), stream: true}
}

// act runs the action of a route.
func (q *request) act(route *route, values map[string]string, by string) *reply {
	form, file, f := q.form(values)
	if f != nil {
		return q.fault(f, route, nil, "")
	}
	for _, name := range route.spec.unknown(form) {
		q.remark("unknown argument " + name)
	}
	args, err := bindWeb(route.spec, form)
	if err == nil {
		err = checkExtras(route.spec, args, nil)
	}
	if err != nil {
		return q.fault(err, route, form, "")
	}
	fillDefaults(route.spec, args)
	for i := range route.spec.Args {
		if arg := &route.spec.Args[i]; arg.Type == "open" && file == nil {
			return q.fault(&fault{kind: crash, text: "AttributeError: 'str' object has no attribute 'read'"}, route, form, "")
		}
	}
	op, ok := known[route.spec.Action]
	if !ok {
		return q.fault(notSimulated(route.method+" "+route.path), route, form, "")
	}
	if busy := q.s.busyUntil(q.now); op.writes && busy.After(q.now) {
		if busy.Sub(q.now) > lockWait {
			q.locked = lockWait
			return textReply(http.StatusInternalServerError, lockText)
		}
		q.locked = busy.Sub(q.now)
		q.s.Advance(busy)
		q.now = busy
	}
	c := &call{s: q.s, args: args, door: web, now: q.now, name: route.spec.Action, by: by, file: file}
	answer, err := c.perform()
	if err != nil {
		ref := ""
		if c.log != nil {
			ref = c.log.Name
		}
		out := q.fault(err, route, form, ref)
		out.cost = c.cost
		return out
	}
	out := q.success(answer)
	out.cost = c.cost
	return out
}
