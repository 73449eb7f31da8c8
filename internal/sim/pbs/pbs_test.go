package pbs

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// world is time that stands still until the test moves it; delays take none.
type world struct{ now time.Time }

func (w *world) Now() time.Time                   { return w.now }
func (w *world) Poke()                            {}
func (w *world) Real(time.Duration) time.Duration { return 0 }

// client speaks to a server as one user.
type client struct {
	t      *testing.T
	server *Server
	url    string
	token  string
}

const print = "AA:BB"

func newServer(t *testing.T) (*world, *client) {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)}
	s := New(Config{World: w})
	s.AddDatastore("main", 1<<40)
	s.Listens("127.0.0.1", 8007, print)
	if err := s.AddToken("root@pam", "admin", "secret", "Admin"); err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s.Handler())
	t.Cleanup(ts.Close)
	return w, &client{t: t, server: s, url: ts.URL, token: "root@pam!admin:secret"}
}

func (c *client) as(token string) *client { d := *c; d.token = token; return &d }

// do makes a call and gives its status and its body's data, or its text.
func (c *client) do(method, path string, params url.Values) (int, json.RawMessage) {
	c.t.Helper()
	target := c.url + "/api2/json" + path
	var body io.Reader
	if method == http.MethodPost || method == http.MethodPut {
		body = strings.NewReader(params.Encode())
	} else if len(params) > 0 {
		target += "?" + params.Encode()
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.token != "" {
		req.Header.Set("Authorization", "PBSAPIToken="+c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, text
	}
	var e struct{ Data json.RawMessage }
	if err := json.Unmarshal(text, &e); err != nil {
		c.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	spec, err := apispec.Load(apispec.PBS)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, fault := range apispec.CheckReturn(spec, method, path, e.Data) {
		c.t.Errorf("answer: %s", fault)
	}
	return resp.StatusCode, e.Data
}

// ok makes a call that must succeed, and decodes its data.
func (c *client) ok(method, path string, params url.Values, into any) {
	c.t.Helper()
	status, data := c.do(method, path, params)
	if status != http.StatusOK {
		c.t.Fatalf("%s %s %v: %d %s", method, path, params, status, data)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
}

// refused makes a call that must fail with a status and a text.
func (c *client) refused(method, path string, params url.Values, status int, text string) {
	c.t.Helper()
	got, body := c.do(method, path, params)
	if got != status || !strings.Contains(string(body), text) {
		c.t.Errorf("%s %s %v: %d %q, want %d %q", method, path, params, got, body, status, text)
	}
}

func v(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

// box makes a namespace with a user and a token that may back up into it and no more,
// as an enrolment does, and gives the token.
func (c *client) box(name string) string {
	c.t.Helper()
	c.ok("POST", "/admin/datastore/main/namespace", v("name", name), nil)
	c.ok("POST", "/access/users", v("userid", name+"@pbs"), nil)
	var token struct{ Tokenid, Value string }
	c.ok("POST", "/access/users/"+name+"@pbs/token/box", nil, &token)
	for _, id := range []string{name + "@pbs", token.Tokenid} {
		c.ok("PUT", "/access/acl", v("path", "/datastore/main/"+name, "role", "DatastoreBackup", "auth-id", id), nil)
	}
	return token.Tokenid + ":" + token.Value
}

func (c *client) session(token, ns string) archive.Session {
	c.t.Helper()
	id, secret, _ := strings.Cut(token, ":")
	s, err := c.server.Open("localhost", 8007, print, id, secret, "main", ns)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func upload(at time.Time, seed uint64) archive.Upload {
	blocks := archive.Blocks{}.Write(0, 100, seed)
	return archive.Upload{
		Ref:   archive.Ref{Type: "vm", ID: "100", Time: at},
		Image: archive.Image{Disks: map[string]archive.Disk{"scsi0": {Size: 1 << 30, Blocks: blocks}}},
		Key:   "11:22",
	}
}

// A box's token backs up and lists its own, and can neither prune nor see others.
func TestBoxToken(t *testing.T) {
	w, admin := newServer(t)
	kiosk, other := admin.box("kiosk"), admin.box("other")
	s := admin.session(kiosk, "kiosk")
	if err := s.Put(upload(w.now, 1)); err != nil {
		t.Fatal(err)
	}
	if err := admin.session(other, "other").Put(upload(w.now, 2)); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].Owner != "kiosk@pbs!box" || list[0].Key != "11:22" {
		t.Errorf("list: %+v %v", list, err)
	}
	if _, err := s.Get(archive.Ref{Type: "vm", ID: "100", Time: w.now}); err != nil {
		t.Errorf("read own: %v", err)
	}
	var denied *archive.Error
	if err := s.Delete(archive.Ref{Type: "vm", ID: "100", Time: w.now}); !errors.As(err, &denied) || denied.Code != 403 || denied.Text != "permission check failed - missing Datastore.Modify|Datastore.Prune on /datastore/main/kiosk" {
		t.Errorf("delete own: %v", err)
	}
	if _, err := admin.session(kiosk, "other").List(); !errors.As(err, &denied) || denied.Code != 403 {
		t.Errorf("list of another's namespace: %v", err)
	}
	if st, err := s.Status(); err != nil || st != (archive.Status{}) {
		t.Errorf("status of a user of a namespace only: %+v %v, want zeros", st, err)
	}
	box := admin.as(kiosk)
	box.refused("POST", "/admin/datastore/main/prune", v("ns", "kiosk", "backup-type", "vm", "backup-id", "100", "keep-last", "1"), 403, "missing Datastore.Modify|Datastore.Prune")
	box.refused("GET", "/admin/datastore/main/snapshots", v("ns", "other"), 403, "missing Datastore.Audit|Datastore.Backup on /datastore/main/other")
	box.refused("GET", "/admin/datastore/main/snapshots", nil, 403, "on /datastore/main")
	box.refused("POST", "/admin/datastore/main/namespace", v("name", "x"), 403, "missing Datastore.Modify")
	box.refused("POST", "/admin/datastore/main/gc", nil, 403, "permission check failed")
	var spaces []struct{ Ns string }
	box.ok("GET", "/admin/datastore/main/namespace", nil, &spaces)
	if len(spaces) != 1 || spaces[0].Ns != "kiosk" {
		t.Errorf("namespaces: %+v", spaces)
	}
	var stores []struct{ Store string }
	box.ok("GET", "/admin/datastore", nil, &stores)
	if len(stores) != 1 {
		t.Errorf("datastores: %+v", stores)
	}
	// the token's rights are within its owner's
	admin.ok("PUT", "/access/acl", v("path", "/datastore/main/kiosk", "role", "DatastoreBackup", "auth-id", "kiosk@pbs", "delete", "1"), nil)
	box.refused("GET", "/admin/datastore/main/snapshots", v("ns", "kiosk"), 403, "permission check failed")
}

func TestOpen(t *testing.T) {
	_, admin := newServer(t)
	token := admin.box("kiosk")
	id, secret, _ := strings.Cut(token, ":")
	for _, tc := range []struct{ name, host, print, user, secret, store, want string }{
		{"fine", "127.0.0.1", print, id, secret, "main", ""},
		{"wrong secret", "127.0.0.1", print, id, "x", "main", "Unauthorized"},
		{"unknown user", "127.0.0.1", print, "x@pbs!box", secret, "main", "Unauthorized"},
		{"wrong fingerprint", "127.0.0.1", "CC:DD", id, secret, "main", "fingerprint 'AA:BB' not verified, abort!"},
		{"no fingerprint", "127.0.0.1", "", id, secret, "main", "Can't connect to 127.0.0.1:8007 (certificate verify failed)"},
		{"elsewhere", "vault.example", print, id, secret, "main", "Can't connect to vault.example:8007 (Connection refused)"},
		{"unknown datastore", "127.0.0.1", print, id, secret, "nope", archive.ErrNoDatastore.Error()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := admin.server.Open(tc.host, 8007, tc.print, tc.user, tc.secret, tc.store, "kiosk")
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPut(t *testing.T) {
	w, admin := newServer(t)
	token := admin.box("kiosk")
	s := admin.session(token, "kiosk")
	if err := s.Put(upload(w.now, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(upload(w.now, 1)); err == nil || err.Error() != "backup timestamp is older than last backup." {
		t.Errorf("the same again: %v", err)
	}
	admin.ok("DELETE", "/admin/datastore/main/namespace", v("ns", "kiosk", "delete-groups", "1"), nil)
	if err := s.Put(upload(w.now.Add(time.Hour), 1)); err == nil || err.Error() != "namespace not found" {
		t.Errorf("into a namespace that is gone: %v", err)
	}
}

// Equal blocks are kept once, room comes back by garbage collection, a full datastore
// refuses.
func TestRoom(t *testing.T) {
	w, admin := newServer(t)
	s := admin.session(admin.box("kiosk"), "kiosk")
	used := func() int64 {
		var st struct{ Used int64 }
		admin.ok("GET", "/admin/datastore/main/status", v("verbose", "1"), &st)
		return st.Used
	}
	for i := range 3 {
		if err := s.Put(upload(w.now.Add(time.Duration(i)*time.Hour), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := used(), int64(100*archive.BlockSize); got != want {
		t.Errorf("three equal backups take %d, want %d", got, want)
	}
	admin.ok("DELETE", "/admin/datastore/main/namespace", v("ns", "kiosk", "delete-groups", "1"), nil)
	if got, want := used(), int64(100*archive.BlockSize); got != want {
		t.Errorf("removed but not collected: %d, want %d", got, want)
	}
	upid := admin.task(w, "POST", "/admin/datastore/main/gc", nil)
	if got := used(); got != 0 {
		t.Errorf("collected: %d, want 0 (%s)", got, upid)
	}
	admin.server.AddDatastore("tiny", 1<<20)
	x, err := admin.server.Open("localhost", 8007, print, "root@pam!admin", "secret", "tiny", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Put(upload(w.now, 1)); err == nil || !strings.Contains(err.Error(), "No space left on device") {
		t.Errorf("full datastore: %v", err)
	}
}

// task starts work, lets it end and wants it to have ended well.
func (c *client) task(w *world, method, path string, params url.Values) string {
	c.t.Helper()
	var upid string
	c.ok(method, path, params, &upid)
	var st struct{ Status, Exitstatus, Type string }
	c.ok("GET", "/nodes/localhost/tasks/"+url.PathEscape(upid)+"/status", nil, &st)
	if st.Status != "running" {
		c.t.Errorf("%s: status %s, want running", upid, st.Status)
	}
	w.now = c.server.NextEvent()
	c.server.Advance(w.now)
	c.ok("GET", "/nodes/localhost/tasks/"+url.PathEscape(upid)+"/status", nil, &st)
	if st.Status != "stopped" {
		c.t.Errorf("%s: %+v", upid, st)
	}
	var log []struct {
		N int
		T string
	}
	c.ok("GET", "/nodes/localhost/tasks/"+url.PathEscape(upid)+"/log", nil, &log)
	if len(log) == 0 || log[0].N != 1 {
		c.t.Errorf("%s: log %+v", upid, log)
	}
	return st.Exitstatus
}

func TestVerify(t *testing.T) {
	w, admin := newServer(t)
	s := admin.session(admin.box("kiosk"), "kiosk")
	first, second := w.now, w.now.Add(time.Hour)
	for i, at := range []time.Time{first, second} {
		if err := s.Put(upload(at, uint64(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := admin.server.Corrupt("main", "kiosk", archive.Ref{Type: "vm", ID: "100", Time: second}); err != nil {
		t.Fatal(err)
	}
	if status := admin.task(w, "POST", "/admin/datastore/main/verify", v("ns", "kiosk")); !strings.HasPrefix(status, "verification failed") {
		t.Errorf("exit status %q", status)
	}
	list, err := s.List()
	if err != nil || len(list) != 2 || list[0].Verified.State != "ok" || list[1].Verified.State != "failed" {
		t.Errorf("list: %+v %v", list, err)
	}
	admin.refused("POST", "/admin/datastore/main/verify", v("ns", "kiosk", "backup-id", "100"), 400, "parameters do not specify a backup group or snapshot")
}

func TestPrune(t *testing.T) {
	w, admin := newServer(t)
	s := admin.session(admin.box("kiosk"), "kiosk")
	start := time.Date(2026, 10, 1, 0, 30, 0, 0, time.UTC)
	w.now = start
	for day := range 40 {
		if err := s.Put(upload(start.AddDate(0, 0, day), uint64(day))); err != nil {
			t.Fatal(err)
		}
	}
	admin.ok("PUT", "/admin/datastore/main/protected", v("ns", "kiosk", "backup-type", "vm", "backup-id", "100", "backup-time", "1790814600", "protected", "1"), nil)
	group := v("ns", "kiosk", "backup-type", "vm", "backup-id", "100", "keep-last", "3", "keep-daily", "7", "keep-monthly", "1")
	var plan []struct {
		Keep, Protected bool
	}
	dry := url.Values{"dry-run": {"true"}}
	for k, val := range group {
		dry[k] = val
	}
	admin.ok("POST", "/admin/datastore/main/prune", dry, &plan)
	kept := 0
	for _, p := range plan {
		if p.Keep {
			kept++
		}
	}
	// 3 last, 7 days before them (the end of October among them), and the protected first
	if len(plan) != 40 || kept != 11 || !plan[0].Protected {
		t.Errorf("plan keeps %d of %d, first protected %v; want 11 of 40", kept, len(plan), plan[0].Protected)
	}
	if list, _ := s.List(); len(list) != 40 {
		t.Errorf("a dry run removed: %d left", len(list))
	}
	admin.ok("POST", "/admin/datastore/main/prune", group, nil)
	if list, _ := s.List(); len(list) != 11 {
		t.Errorf("%d left, want 11", len(list))
	}
	admin.refused("DELETE", "/admin/datastore/main/snapshots", v("ns", "kiosk", "backup-type", "vm", "backup-id", "100", "backup-time", "1790814600"), 400, "cannot remove protected snapshot")
}

func TestWire(t *testing.T) {
	_, admin := newServer(t)
	admin.as("").refused("GET", "/version", nil, 401, "authentication failed - no authentication credentials provided.")
	admin.as("root@pam!admin:wrong").refused("GET", "/version", nil, 401, "authentication failed - invalid API token secret")
	admin.as("").ok("GET", "/ping", nil, nil)
	admin.ok("GET", "/version", nil, nil)
	admin.refused("GET", "/nope", nil, 404, "not found")
	admin.refused("GET", "/tape/drive", nil, 501, "Method 'GET /tape/drive' is not simulated")
	admin.refused("GET", "/admin/datastore/main/snapshots", v("colour", "red"), 400, "parameter verification failed - 'colour': schema does not allow additional properties.")
	admin.refused("GET", "/admin/datastore/nope/snapshots", nil, 400, "no such datastore 'nope'")
	admin.refused("GET", "/admin/datastore/main/snapshots", v("ns", "nope"), 400, "No such file or directory")
	for _, path := range []string{
		"/access", "/access/users", "/access/roles", "/access/acl", "/access/permissions", "/access/domains", "/admin/datastore", "/admin/datastore/main",
		"/admin/datastore/main/groups", "/admin/datastore/main/snapshots", "/admin/datastore/main/gc", "/admin/datastore/main/namespace",
		"/config/datastore", "/config/datastore/main", "/status/datastore-usage", "/nodes/localhost/tasks", "/nodes/localhost/time",
		"/access/users/root@pam/token", "/access/users/root@pam/token/admin",
	} {
		admin.ok("GET", path, nil, nil)
	}
}

func TestTicket(t *testing.T) {
	w, admin := newServer(t)
	if err := admin.server.SetPassword("root@pam", "hunter22"); err != nil {
		t.Fatal(err)
	}
	var ticket struct{ Ticket, CSRFPreventionToken string }
	admin.as("").ok("POST", "/access/ticket", v("username", "root@pam", "password", "hunter22"), &ticket)
	admin.as("").refused("POST", "/access/ticket", v("username", "root@pam", "password", "wrong"), 401, "permission check failed.")
	call := func(method, csrf string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, admin.url+"/api2/json/access/users", strings.NewReader("userid=u@pbs"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Cookie", "PBSAuthCookie="+url.QueryEscape(ticket.Ticket))
		req.Header.Set("CSRFPreventionToken", csrf)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := call("POST", ""); got != 401 {
		t.Errorf("write without CSRF token: %d", got)
	}
	if got := call("POST", ticket.CSRFPreventionToken); got != 200 {
		t.Errorf("write: %d", got)
	}
	w.now = w.now.Add(2*time.Hour + time.Second)
	if got := call("POST", ticket.CSRFPreventionToken); got != 401 {
		t.Errorf("after two hours: %d", got)
	}
}

func TestSaved(t *testing.T) {
	w, admin := newServer(t)
	token := admin.box("kiosk")
	if err := admin.session(token, "kiosk").Put(upload(w.now, 1)); err != nil {
		t.Fatal(err)
	}
	admin.ok("POST", "/admin/datastore/main/verify", nil, nil)
	data, err := json.Marshal(admin.server)
	if err != nil {
		t.Fatal(err)
	}
	again := New(Config{World: w})
	again.Listens("127.0.0.1", 8007, print)
	if err := json.Unmarshal(data, again); err != nil {
		t.Fatal(err)
	}
	w.now = again.NextEvent()
	again.Advance(w.now)
	c := &client{t: t, server: again}
	list, err := c.session(token, "kiosk").List()
	if err != nil || len(list) != 1 || list[0].Verified == nil {
		t.Errorf("after a restart: %+v %v", list, err)
	}
}

// TestCoverage tells how much of the API is simulated; each handler must belong to a
// method.
func TestCoverage(t *testing.T) {
	spec, err := apispec.Load(apispec.PBS)
	if err != nil {
		t.Fatal(err)
	}
	for sig := range handlers {
		if spec.Method(sig) == nil {
			t.Errorf("handler %s belongs to no method", sig)
		}
	}
	t.Logf("pbs: %d of %d methods simulated", len(handlers), len(spec.Methods))
}
