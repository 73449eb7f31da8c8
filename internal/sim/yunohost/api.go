package yunohost

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// API is the door of the web admin: everything under /yunohost/api/, as it leaves
// the server's nginx. Serve it with TLS.
//
// Its head is one for all requests, as in the real server: a request that comes
// while another one runs leaves its status, its Content-Length and its cookies to
// the other. So bodies are cut short, clients wait for bytes that never come, and a
// session goes to the wrong caller. Who sends one request at a time sees nothing
// of it.
type API struct {
	enter func(do func(now time.Time, s *State))
	wait  func(ctx context.Context, d time.Duration)

	mu   sync.Mutex
	head head
}

// head is what an answer begins with.
type head struct {
	status  int
	length  int // -1: not set yet
	ctype   string
	cookies []string
	allow   string
}

// NewAPI makes the door to a State. enter calls do with the State's lock held and the
// present simulated time; s is nil where there is no YunoHost (any more). wait lets
// the time pass that an action takes; nil lets it take none.
func NewAPI(enter func(do func(now time.Time, s *State)), wait func(ctx context.Context, d time.Duration)) *API {
	if wait == nil {
		wait = func(context.Context, time.Duration) {}
	}
	return &API{enter: enter, wait: wait}
}

// reply is the answer of one request before it meets the shared head.
type reply struct {
	status  int  // 0: left as the head has it, which is 200 unless another request set it
	whole   bool // an error: it replaces the head
	ctype   string
	body    []byte
	cookies []string
	allow   string
	cost    time.Duration
	stream  bool
}

const (
	htmlType = "text/html; charset=UTF-8"
	jsonType = "application/json"
)

func textReply(status int, text string) *reply {
	return &reply{status: status, whole: true, ctype: htmlType, body: []byte(text)}
}

// maxBody bounds a request: an import of a thousand users is far below.
const maxBody = 32 << 20

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/yunohost/api")
	if !ok || !strings.HasPrefix(path, "/") {
		http.Error(w, "404 - Not Found", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "413 - Request Entity Too Large", http.StatusRequestEntityTooLarge)
		return
	}
	a.mu.Lock()
	a.head = head{status: http.StatusOK, length: -1, ctype: htmlType}
	a.mu.Unlock()

	answer := a.answer(r, path, body)
	if answer.cost > 0 {
		a.wait(r.Context(), answer.cost)
	}
	a.write(w, r, answer)
}

// write lets the answer meet the shared head and sends it.
func (a *API) write(w http.ResponseWriter, r *http.Request, answer *reply) {
	a.mu.Lock()
	if answer.whole {
		a.head = head{status: answer.status, length: -1}
	}
	h := &a.head
	if answer.status != 0 {
		h.status = answer.status
	}
	h.ctype, h.allow = answer.ctype, answer.allow
	h.cookies = append(h.cookies, answer.cookies...)
	if h.length < 0 {
		h.length = len(answer.body)
	}
	sent := *h
	sent.cookies = append([]string(nil), h.cookies...)
	a.mu.Unlock()

	header := w.Header()
	for _, line := range nginxHeaders {
		header.Set(line[0], line[1])
	}
	for _, cookie := range sent.cookies {
		header.Add("Set-Cookie", cookie)
	}
	if sent.allow != "" {
		header.Set("Allow", sent.allow)
	}
	if answer.stream {
		a.stream(w, r, answer)
		return
	}
	header["Content-Type"] = nil
	if sent.ctype != "" {
		header.Set("Content-Type", sent.ctype)
	}
	if sent.status == http.StatusNoContent {
		w.WriteHeader(sent.status)
		return
	}
	header.Set("Content-Length", strconv.Itoa(sent.length))
	w.WriteHeader(sent.status)
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write(answer.body[:min(sent.length, len(answer.body))]); err != nil {
		return // the client is gone
	}
	if sent.length > len(answer.body) {
		// The rest never comes: the client waits until it gives up.
		flush(w)
		<-r.Context().Done()
	}
}

// nginxHeaders are on every answer.
var nginxHeaders = [][2]string{
	{"Server", "nginx"}, {"Content-Security-Policy", "upgrade-insecure-requests"}, {"X-Content-Type-Options", "nosniff"}, {"X-XSS-Protection", "1; mode=block"},
	{"X-Download-Options", "noopen"}, {"X-Permitted-Cross-Domain-Policies", "none"}, {"X-Frame-Options", "SAMEORIGIN"}, {"Permissions-Policy", "interest-cohort=()"},
	{"Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload"}, {"Referrer-Policy", "'same-origin'"},
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// stream sends server-sent events until the client goes.
func (a *API) stream(w http.ResponseWriter, r *http.Request, answer *reply) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(answer.body); err != nil {
		return
	}
	flush(w)
	<-r.Context().Done()
}

// answer works a request out, under the owner's lock.
func (a *API) answer(r *http.Request, path string, body []byte) *reply {
	var out *reply
	var lockedFor time.Duration
	a.enter(func(now time.Time, s *State) {
		if s == nil || s.APIStopped {
			out = &reply{status: http.StatusBadGateway, whole: true, ctype: "application/octet-stream", body: []byte("502 - Bad Gateway")}
			return
		}
		s.Advance(now)
		q := &request{http: r, path: path, body: body, s: s, now: now}
		out = q.serve()
		lockedFor = q.locked
	})
	out.cost += lockedFor
	return out
}

// request is one request to the API while it is worked out.
type request struct {
	http   *http.Request
	path   string // below /yunohost/api
	body   []byte
	s      *State
	now    time.Time
	locked time.Duration // how long it waited for the lock
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
		return q.page(http.StatusMethodNotAllowed, "Method not allowed.", q.allowed())
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

func (q *request) success(answer any) *reply {
	if text, ok := answer.(csvExport); ok {
		return &reply{ctype: "text/csv", body: []byte(text)}
	}
	switch q.http.Method {
	case http.MethodPost:
		return &reply{status: http.StatusCreated, ctype: jsonType, body: encode(answer)}
	case http.MethodPut, http.MethodDelete:
		if answer == nil {
			return &reply{status: http.StatusNoContent}
		}
	}
	return &reply{ctype: jsonType, body: encode(answer)}
}

// fault gives an error the form that the real API would.
func (q *request) fault(err error, route *route, form map[string][]string, logRef string) *reply {
	f, ok := err.(*fault)
	if !ok {
		return textReply(http.StatusInternalServerError, err.Error())
	}
	keyed := func(status int, o object) *reply {
		return &reply{status: status, whole: true, ctype: jsonType, body: encode(o)}
	}
	switch f.kind {
	case invalid:
		return keyed(http.StatusBadRequest, append(object{{"error", q.translate(f.key, f.text)}, {"error_key", f.key}}, f.extra...))
	case plainInvalid:
		return textReply(http.StatusBadRequest, f.text)
	case failed:
		if logRef != "" {
			return keyed(http.StatusInternalServerError, object{{"error", f.text}, {"log_ref", logRef}})
		}
		return textReply(http.StatusInternalServerError, f.text)
	case unserialisable, crashPage:
		return q.page(http.StatusInternalServerError, "Internal Server Error", "")
	case unsimulated:
		return keyed(http.StatusNotImplemented, object{{"error", f.text}})
	}
	arguments := object{}
	if route != nil {
		for i := range route.spec.Args {
			if v, ok := form[route.spec.Args[i].field()]; ok {
				arguments.set(route.spec.Args[i].field(), first(v))
			}
		}
	}
	o := object{{"route", []string{q.http.Method, route.path}}, {"arguments", arguments}, {"traceback", "Traceback (most recent call last):\n" + f.text + "\n"}}
	return textReply(http.StatusInternalServerError, string(encode(o)))
}

// french are the texts that exist in French too, by key.
var french = map[string]string{
	"invalid_credentials":    "Mot de passe ou nom de compte incorrect",
	"system_username_exists": "Ce nom de compte existe d\u00e9j\u00e0 dans les comptes syst\u00e8me",
}

// translate follows the header locale, then Accept-Language.
func (q *request) translate(key, text string) string {
	language := q.http.Header.Get("locale")
	if language == "" {
		language = q.http.Header.Get("Accept-Language")
	}
	if strings.HasPrefix(language, "fr") && french[key] != "" {
		return french[key]
	}
	return text
}

// page is one of bottle's HTML error pages.
func (q *request) page(status int, text, allow string) *reply {
	title := fmt.Sprintf("Error: %d %s", status, http.StatusText(status))
	body := "\n    <!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n    <html>\n        <head>\n            <title>" + title +
		"</title>\n        </head>\n        <body>\n            <h1>" + title + "</h1>\n            <p>Sorry, the requested URL <tt>&#039;http://127.0.0.1" + q.path +
		"&#039;</tt>\n               caused an error:</p>\n            <pre>" + text + "</pre>\n        </body>\n    </html>\n"
	out := textReply(status, body)
	out.allow = allow
	return out
}

// form collects the fields of a request: a JSON body stands alone; else the path's
// placeholders, the query and the body's fields come together. file is the content
// of an uploaded file.
func (q *request) form(values map[string]string) (map[string][]string, []byte, error) {
	form := map[string][]string{}
	ctype := q.http.Header.Get("Content-Type")
	if ctype == "application/json" && len(q.body) > 0 {
		var fields map[string]any
		if json.Unmarshal(q.body, &fields) != nil {
			return nil, nil, &fault{kind: crashPage, text: "invalid JSON"}
		}
		for k, v := range fields {
			form[k] = jsonField(v)
		}
		return form, nil, nil
	}
	for k, v := range values {
		form[k] = []string{v}
	}
	add := func(more url.Values) {
		for k, v := range more {
			form[k] = append(form[k], v...)
		}
	}
	if query, err := url.ParseQuery(q.http.URL.RawQuery); err == nil {
		add(query)
	}
	media, params, err := mime.ParseMediaType(ctype)
	if err == nil && media == "multipart/form-data" {
		return readMultipart(q.body, params["boundary"], form)
	}
	if fields, err := url.ParseQuery(string(q.body)); err == nil {
		add(fields)
	}
	return form, nil, nil
}

func jsonField(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, jsonField(item)...)
		}
		return list
	}
	return []string{fmt.Sprint(v)}
}

func readMultipart(body []byte, boundary string, form map[string][]string) (map[string][]string, []byte, error) {
	parsed, err := multipart.NewReader(strings.NewReader(string(body)), boundary).ReadForm(maxBody)
	if err != nil {
		return nil, nil, &fault{kind: crashPage, text: "malformed multipart body"}
	}
	for k, v := range parsed.Value {
		form[k] = append(form[k], v...)
	}
	var file []byte
	for k, files := range parsed.File {
		opened, err := files[0].Open()
		if err != nil {
			return nil, nil, &fault{kind: crashPage, text: err.Error()}
		}
		file, err = io.ReadAll(opened)
		if closing := opened.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return nil, nil, &fault{kind: crashPage, text: err.Error()}
		}
		form[k] = append(form[k], files[0].Filename)
	}
	return form, file, nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
