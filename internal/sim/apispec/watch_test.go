package apispec

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestWatch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || (r.Method == "POST" && len(body) == 0) {
			t.Errorf("the body did not arrive: %q %v", body, err)
		}
		io.WriteString(w, `{"data":{"version":"9.2.4","release":9}}`)
	}))
	defer server.Close()
	var told []string
	client := &http.Client{Transport: &Watch{Spec: mustLoad(t, PVE92), Report: func(f string) { told = append(told, f) }}}
	get := func(do func() (*http.Response, error)) []string {
		told = nil
		resp, err := do()
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return told
	}
	got := get(func() (*http.Response, error) { return client.Get(server.URL + "/api2/json/version?colour=red") })
	want := []string{
		"request: GET /version: colour: property is not defined in schema and the schema does not allow additional properties",
		"answer: GET /version: repoid: property is missing and it is not optional",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got = get(func() (*http.Response, error) {
		return client.PostForm(server.URL+"/api2/json/access/roles", url.Values{"roleid": {"r"}, "privs": {"VM.Audit"}})
	})
	if len(got) != 1 || !strings.HasPrefix(got[0], "answer: POST /access/roles") {
		t.Errorf("got %q, want a fault of the answer only", got)
	}
	if got := get(func() (*http.Response, error) { return client.Get(server.URL + "/api2/json/nope") }); len(got) != 2 {
		t.Errorf("unknown method: %q", got)
	}
	if got := get(func() (*http.Response, error) { return client.Get(server.URL + "/elsewhere") }); len(got) != 0 {
		t.Errorf("outside of the API: %q", got)
	}
}
