package pve_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestReasonPhrases(t *testing.T) {
	a := newAPI(t, "9.2")
	a.ok("POST", "/access/roles", v("roleid", "R", "privs", "VM.Audit"), nil)
	for _, tc := range []struct {
		name         string
		as           *api
		method, path string
		status       int
		reason, body string
	}{
		{"no login", a.with(""), "GET", "/version", 401, "No ticket", ""},
		{"bad token", a.with("root@pam!x=y"), "GET", "/version", 401, "Authentication failed!", ""},
		{"unknown path", a, "GET", "/foo", 501, "Method 'GET /foo' not implemented", `{"data":null}`},
		{"unknown verb", a, "DELETE", "/version", 501, "Method 'DELETE /version' not implemented", `{"data":null}`},
		{"not simulated", a, "GET", "/cluster/ha/groups", 501, "Method 'GET /cluster/ha/groups' is not simulated", `{"data":null}`},
		{"failure", a, "GET", "/access/roles/nope", 500, "role 'nope' does not exist", `{"data":null}`},
		{"other node", a, "GET", "/nodes/other/storage", 500, "hostname lookup 'other' failed - failed to get address info for: other: Name or service not known", `{"data":null}`},
		{"patch", a, "PATCH", "/version", 501, "method 'PATCH' not available", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tc.as.do(tc.method, tc.path, nil)
			if r.status != tc.status || r.reason != tc.reason || string(r.body) != tc.body {
				t.Errorf("got %d %q %q, want %d %q %q", r.status, r.reason, r.body, tc.status, tc.reason, tc.body)
			}
		})
	}
}

func TestRoot(t *testing.T) {
	a := newAPI(t, "9.2")
	r := a.do("GET", "/", nil)
	if want := `[{"subdir":"version"},{"subdir":"cluster"},{"subdir":"nodes"},{"subdir":"storage"},{"subdir":"access"},{"subdir":"pools"}]`; string(r.data) != want {
		t.Errorf("got %d %s, want %s", r.status, r.data, want)
	}
}

// A client may percent-encode its token, or leave it so that a second header part
// follows.
func TestAuthorizationForms(t *testing.T) {
	a := newAPI(t, "9.2")
	a.ok("POST", "/access/users/root@pam/token/xy", v("privsep", "0"), nil)
	if err := a.box.AddToken("root@pam", "xy", "s-1", false); err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"PVEAPIToken=root@pam!xy=s-1", "PVEAPIToken=root%40pam%21xy=s-1", "PVEAPIToken root@pam!xy=s-1", "PVEAuthCookie=" + a.ticket} {
		head, _ := a.raw("GET /api2/json/access/roles HTTP/1.1\r\nHost: pve\r\nConnection: close\r\nAuthorization: " + header + "\r\n\r\n")
		if head[0] != "HTTP/1.1 200 OK" {
			t.Errorf("%q: %q", header, head[0])
		}
	}
}

func TestBadParameters(t *testing.T) {
	a := newAPI(t, "9.2")
	r := a.do("POST", "/access/users", v("userid", "x", "colour", "red"))
	want := `{"data":null,"errors":{"colour":"property is not defined in schema and the schema does not allow additional properties","userid":"invalid format - user name 'x' is too short\n"},"message":"Parameter verification failed.\n"}`
	if r.status != 400 || r.reason != "Parameter verification failed." || string(r.body) != want {
		t.Errorf("got %d %q\n%s\nwant\n%s", r.status, r.reason, r.body, want)
	}
}

func TestConnection(t *testing.T) {
	a := newAPI(t, "9.2")
	head, body := a.raw("GET /api2/json/nope HTTP/1.1\r\nHost: pve\r\nCookie: PVEAuthCookie=" + a.ticket + "\r\n\r\n")
	if head[0] != "HTTP/1.1 501 Method 'GET /nope' not implemented" || body != `{"data":null}` {
		t.Errorf("got %q %q", head, body)
	}
	for _, line := range []string{"Connection: close", "Content-Length: 13", "Content-Type: application/json;charset=UTF-8", "Server: pve-api-daemon/3.0"} {
		if !slices.Contains(head, line) {
			t.Errorf("no %q in %q", line, head)
		}
	}
	head, body = a.raw("GET /api2/json/version HTTP/1.1\r\nHost: pve\r\n\r\n")
	if head[0] != "HTTP/1.1 401 No ticket" || body != "" || slices.ContainsFunc(head, func(l string) bool { return strings.HasPrefix(l, "Content-") }) {
		t.Errorf("401: got %q %q", head, body)
	}
	head, body = a.raw("POST /api2/json/access/roles HTTP/1.1\r\nHost: pve\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if head[0] != "HTTP/1.1 501 chunked transfer encoding not supported" {
		t.Errorf("chunked: got %q %q", head, body)
	}
	head, _ = a.raw("DELETE /api2/json/access/roles/x HTTP/1.1\r\nHost: pve\r\nCookie: PVEAuthCookie=" + a.ticket + "\r\nCSRFPreventionToken: " + a.csrf + "\r\nContent-Length: 3\r\n\r\na=b")
	if head[0] != "HTTP/1.1 501 Unexpected content for method 'DELETE'" {
		t.Errorf("body of a DELETE: got %q", head)
	}
}

// Successes keep the connection, and many clients at once get their own answers.
func TestConcurrency(t *testing.T) {
	a := newAPI(t, "9.2")
	client := a.server.Client()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for j := range 10 {
				role := fmt.Sprintf("r-%d-%d", i, j)
				req, err := http.NewRequestWithContext(t.Context(), "GET", a.server.URL+"/api2/json/access/roles/"+role, nil)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Cookie", "PVEAuthCookie="+a.ticket)
				resp, err := client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Error(err)
				}
				resp.Body.Close()
				if want := "500 role '" + role + "' does not exist"; resp.Status != want {
					t.Errorf("got %q, want %q", resp.Status, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestJSONBody(t *testing.T) {
	a := newAPI(t, "9.2")
	r := a.request("POST", "/access/users", "application/json", strings.NewReader(`{"userid":"u@pve","enable":true,"expire":0,"comment":"a;b=c"}`))
	if r.status != 200 {
		t.Fatalf("%d %s %v", r.status, r.reason, r.errors)
	}
	r = a.request("POST", "/access/users", "application/json", strings.NewReader(`{"userid":`))
	if r.status != 500 || !strings.HasPrefix(r.reason, "malformed JSON string") {
		t.Errorf("broken JSON: %d %q", r.status, r.reason)
	}
	r = a.request("POST", "/access/users", "text/plain", strings.NewReader(`x`))
	if r.status != 506 {
		t.Errorf("text: %d %q", r.status, r.reason)
	}
	r = a.request("PUT", "/access/users/u@pve", "application/x-www-form-urlencoded", strings.NewReader("enable=true"))
	if r.errors["enable"] != "type check ('boolean') failed - got 'true'" {
		t.Errorf("the word true: %d %v", r.status, r.errors)
	}
	r = a.request("PUT", "/access/users/u@pve", "application/x-www-form-urlencoded", strings.NewReader("comment=a;enable=0"))
	if r.status != 200 {
		t.Errorf("%d %v", r.status, r.errors)
	}
	var u struct {
		Comment string
		Enable  int
	}
	a.ok("GET", "/access/users/u@pve", nil, &u)
	if u.Comment != "a" || u.Enable != 0 {
		t.Errorf("an unescaped semicolon must split: %+v", u)
	}
}

func TestExtJS(t *testing.T) {
	a := newAPI(t, "9.2")
	req, err := http.NewRequestWithContext(t.Context(), "GET", a.server.URL+"/api2/extjs/access/roles/nope", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", "PVEAuthCookie="+a.ticket)
	resp, err := a.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if want := `{"data":null,"message":"role 'nope' does not exist\n","success":0,"status":500}`; err != nil || resp.StatusCode != 200 || string(body) != want {
		t.Errorf("got %d %s, want 200 %s", resp.StatusCode, body, want)
	}
}

func multipartBody(t *testing.T, fields [][3]string) (string, *bytes.Buffer) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range fields {
		var part io.Writer
		var err error
		if f[1] != "" {
			part, err = w.CreateFormFile(f[0], f[1])
		} else {
			part, err = w.CreateFormField(f[0])
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f[2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &body
}

func TestUpload(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fields [][3]string
		status int
		reason string
	}{
		{"fine", [][3]string{{"content", "", "iso"}, {"filename", "seed.iso", "data"}}, 200, "OK"},
		{"name as a field too", [][3]string{{"content", "", "iso"}, {"filename", "", "seed.iso"}, {"filename", "seed.iso", "data"}}, 400, "Parameter verification failed."},
		{"file under another name", [][3]string{{"content", "", "iso"}, {"file", "seed.iso", "data"}}, 500, "wrong field name 'file' for file upload, expected 'filename'"},
		{"no content", [][3]string{{"filename", "seed.iso", "data"}}, 400, "Parameter verification failed."},
		{"no file", [][3]string{{"content", "", "iso"}}, 500, "upload failed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newAPI(t, "9.2")
			kind, body := multipartBody(t, tc.fields)
			r := a.request("POST", "/nodes/pve/storage/local/upload", kind, body)
			if r.status != tc.status || r.reason != tc.reason {
				t.Errorf("got %d %q %v, want %d %q", r.status, r.reason, r.errors, tc.status, tc.reason)
			}
		})
	}
}

// A client that is refused in the middle of a large upload still hears why.
func TestRefusedUpload(t *testing.T) {
	a := newAPI(t, "9.2")
	kind, body := multipartBody(t, [][3]string{{"content", "", "iso"}, {"filename", "seed.iso", strings.Repeat("x", 8<<20)}})
	r := a.with("root@pam!no=no").request("POST", "/nodes/pve/storage/local/upload", kind, body)
	if r.status != 401 || r.reason != "Authentication failed!" {
		t.Errorf("got %d %q", r.status, r.reason)
	}
}

func TestTickets(t *testing.T) {
	a := newAPI(t, "9.2")
	a.with("").refused("POST", "/access/ticket", v("username", "root@pam", "password", "wrong"), 401, "authentication failure")
	a.with("").refused("POST", "/access/ticket", v("username", "nobody@pve", "password", "wrong"), 401, "authentication failure")
	b := *a
	b.csrf = "x"
	b.refused("POST", "/access/groups", v("groupid", "g"), 401, "Permission denied - invalid csrf token")
	b.ok("GET", "/access/groups", nil, nil)
	b = *a
	b.ticket = strings.Replace(a.ticket, "root@pam", "root@pve", 1)
	b.refused("GET", "/access/groups", nil, 401, "Authentication failed!")
	a.world.now = a.world.now.Add(2*time.Hour - time.Second)
	a.ok("GET", "/access/groups", nil, nil)
	renewed := a.login("root@pam", a.ticket)
	a.world.now = a.world.now.Add(2 * time.Second)
	a.refused("GET", "/access/groups", nil, 401, "Authentication failed!")
	renewed.ok("GET", "/access/groups", nil, nil)
}
