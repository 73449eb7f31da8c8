package yunohost

import (
	"context"
	"io"
	"net/http"
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
	odd   func(what string)

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

// Report has report told of each request that a careful client does not send: to a
// route that there is not, with an argument that the route does not know (YunoHost
// ignores it in silence), or without the header against forged requests. Call it
// before serving.
func (a *API) Report(report func(what string)) { a.odd = report }

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
		q := &request{http: r, path: path, body: body, s: s, now: now, odd: a.odd}
		out = q.serve()
		lockedFor = q.locked
	})
	out.cost += lockedFor
	return out
}
