package pve_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// exchange is one request to a real host and its answer.
type exchange struct {
	Method, Path string
	Form         map[string]string
	Kind         string `json:"request_content_type"`
	Status       string
	Response     struct{ Data any }
	Last         *struct{ Data any } `json:"last_response"` // after Repeated questions
}

// elsewhere is what the recorded host is and ours is not.
var elsewhere = map[string]string{
	"POST /access/ticket: .clustername":              "the host was in a cluster",
	"GET /cluster/resources: [node].hastate":         "the host was in a cluster with high availability",
	"GET /cluster/resources: [network].network":      "software-defined networking is not simulated",
	"GET /cluster/resources: [network].network-type": "software-defined networking is not simulated",
	"GET /cluster/resources: [network].node":         "software-defined networking is not simulated",
	"GET /cluster/resources: [network].id":           "software-defined networking is not simulated",
	"GET /cluster/resources: [network].status":       "software-defined networking is not simulated",
	"GET /cluster/resources: [network].type":         "software-defined networking is not simulated",
}

// Every recorded exchange whose method is simulated is replayed against a box: same
// status, and an answer of the same keys and types.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "recorded", "pve-9.2.4"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	used := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var all []exchange
			if err := json.Unmarshal(text, &all); err != nil {
				t.Fatal(err)
			}
			r := &replay{t: t, api: newAPI(t, "9.2"), upids: map[string]string{}, used: used}
			if all[0].Path != "/access/ticket" {
				if err := r.api.box.AddToken("root@pam", "sdk", "secret", false); err != nil {
					t.Fatal(err)
				}
				r.api = r.api.with("root@pam!sdk=secret")
			}
			for _, e := range all {
				r.step(e)
			}
			t.Logf("%d of %d exchanges replayed", r.done, len(all))
		})
	}
	for key, why := range elsewhere {
		if !used[key] {
			t.Errorf("the exception %q (%s) is not needed", key, why)
		}
	}
}

type replay struct {
	t     *testing.T
	api   *api
	upids map[string]string // recorded to ours
	done  int
	used  map[string]bool
}

func (r *replay) step(e exchange) {
	for theirs, ours := range r.upids {
		e.Path = strings.ReplaceAll(e.Path, theirs, ours)
	}
	m, _, ok := r.api.spec().Find(e.Method, e.Path)
	if !ok {
		r.t.Errorf("%s %s is not in the description", e.Method, e.Path)
		return
	}
	if !slices.Contains(pve.Simulated(), m.Sig()) {
		r.t.Logf("%s is not simulated", m.Sig())
		return
	}
	r.done++
	got := r.send(e)
	if want := e.Status; fmt.Sprintf("%d %s", got.status, got.reason) != want {
		r.t.Errorf("%s %s: %d %s %v, want %s", e.Method, e.Path, got.status, got.reason, got.errors, want)
		return
	}
	if upid, ok := e.Response.Data.(string); ok && strings.HasPrefix(upid, "UPID:") {
		if err := json.Unmarshal(got.data, new(string)); err != nil {
			r.t.Errorf("%s %s: %s, want a UPID", e.Method, e.Path, got.data)
			return
		}
		r.upids[upid] = strings.Trim(string(got.data), `"`)
	}
	r.compare(m, e.Response.Data, got.data)
	if e.Last == nil {
		return
	}
	for range 1000 {
		next := r.api.box.NextEvent()
		if next.IsZero() || strings.Contains(string(r.send(e).data), `"stopped"`) {
			break
		}
		r.api.world.now = next
		r.api.box.Advance(next)
	}
	r.compare(m, e.Last.Data, r.send(e).data)
}

func (r *replay) send(e exchange) response {
	if strings.HasPrefix(e.Kind, "multipart/") {
		kind, body := multipartBody(r.t, [][3]string{{"content", "", "iso"}, {"filename", "seed.iso", strings.Repeat("x", 4<<20)}})
		return r.api.request(e.Method, e.Path, kind, body)
	}
	form := url.Values{}
	for key, value := range e.Form {
		form.Set(key, strings.ReplaceAll(value, "local-zfs", "local-lvm"))
	}
	if e.Path == "/access/ticket" {
		form.Set("password", rootPassword)
	}
	return r.api.do(e.Method, strings.ReplaceAll(e.Path, "!", "%21"), form)
}

// compare wants each key of the recording with its type, and the answer as a whole to
// be one of the description.
func (r *replay) compare(m *apispec.Method, want any, got json.RawMessage) {
	var answer any
	if err := json.Unmarshal(got, &answer); err != nil {
		r.t.Errorf("%s: %v in %s", m.Sig(), err, got)
		return
	}
	for _, fault := range apispec.CheckReturn(r.api.spec(), m.Verb, m.Path, got) {
		r.t.Errorf("answer: %s", fault)
	}
	wanted, found := map[string]string{}, map[string]string{}
	shape("", want, wanted)
	shape("", answer, found)
	for path, kind := range wanted {
		key := m.Sig() + ": " + path
		if elsewhere[key] != "" {
			r.used[key] = true
			continue
		}
		if found[path] != kind && !(found[path] == "" && len(answerList(answer)) == 0 && answerList(want) != nil) {
			r.t.Errorf("%s is %q, recorded as %s", key, found[path], kind)
		}
	}
}

func answerList(v any) []any {
	list, _ := v.([]any)
	return list
}

// shape lists the types of all parts; the elements of a list are told apart by their
// "type" only.
func shape(path string, v any, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			shape(path+"."+key, e, out)
		}
	case []any:
		for _, e := range v {
			kind := ""
			if o, ok := e.(map[string]any); ok {
				kind, _ = o["type"].(string)
			}
			shape(path+"["+kind+"]", e, out)
		}
	case string:
		out[path] = "string"
	case float64:
		out[path] = "number"
	case bool:
		out[path] = "boolean"
	case nil:
		out[path] = "null"
	}
}
