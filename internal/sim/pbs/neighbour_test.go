package pbs

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// A client's token reaches nothing of a neighbour's: it neither lists nor reads, prunes
// or deletes in any namespace but its own. Proxmox Backup checks rights per namespace
// (pbs-api-types, and src/backup/hierarchy.rs of proxmox-backup), and DatastoreBackup
// on one's own gives none on another's, none on the datastore, and none on a namespace
// below or above.
func TestNoReachIntoAnotherNamespace(t *testing.T) {
	w, admin := newServer(t)
	kiosk, other := admin.box("kiosk"), admin.box("other")
	admin.ok("POST", "/admin/datastore/main/namespace", v("name", "below", "parent", "other"), nil)
	ref := archive.Ref{Type: "vm", ID: "100", Time: w.now}
	if err := admin.session(other, "other").Put(upload(w.now, 2)); err != nil {
		t.Fatal(err)
	}
	if err := admin.session("root@pam!admin:secret", "").Put(upload(w.now, 3)); err != nil {
		t.Fatal(err)
	}
	for _, space := range []string{"other", "other/below", ""} {
		s := admin.session(kiosk, space)
		for what, err := range map[string]error{
			"list": second(s.List()), "read": second(s.Get(ref)), "delete": s.Delete(ref), "write": s.Put(upload(w.now.Add(time.Hour), 4)),
		} {
			if denied, ok := errors.AsType[*archive.Error](err); !ok || denied.Code != http.StatusForbidden {
				t.Errorf("%s in namespace %q: %v, want 403", what, space, err)
			}
		}
		everyCallInto(t, admin.as(kiosk), w, space)
	}

	box := admin.as(kiosk)
	for path, field := range map[string]string{"/admin/datastore/main/namespace": "other", "/access/users": "other@pbs", "/access/acl": "other", "/nodes/localhost/tasks": "other", "/status/datastore-usage": "other"} {
		if status, data := box.do("GET", path, nil); status == http.StatusOK && strings.Contains(string(data), field) {
			t.Errorf("GET %s shows the neighbour: %s", path, data)
		}
	}
	for _, call := range []struct{ method, path string }{
		{"POST", "/access/users/other@pbs/token/mine"}, {"GET", "/access/users/other@pbs/token"}, {"DELETE", "/access/users/other@pbs/token/box"}, {"DELETE", "/access/users/other@pbs"},
	} {
		if status, data := box.do(call.method, call.path, nil); status != http.StatusForbidden {
			t.Errorf("%s %s: %d %s, want 403", call.method, call.path, status, data)
		}
	}
	for _, grant := range []url.Values{v("path", "/datastore/main/other", "role", "DatastoreBackup", "auth-id", "kiosk@pbs!box"), v("path", "/", "role", "Admin", "auth-id", "kiosk@pbs!box")} {
		if status, data := box.do("PUT", "/access/acl", grant); status < 400 {
			t.Errorf("grant itself %v: %d %s, want a refusal", grant, status, data)
		}
	}

	// All is still there, and is still the neighbour's.
	if list, err := admin.session(other, "other").List(); err != nil || len(list) != 1 || list[0].Owner != "other@pbs!box" {
		t.Errorf("after all that the neighbour has %+v, %v", list, err)
	}
}

func second[T any](_ T, err error) error { return err }

// everyCallInto makes every simulated call that takes a namespace, into one that is not
// the caller's. What such a call is aimed at stands there.
func everyCallInto(t *testing.T, box *client, w *world, space string) {
	t.Helper()
	spec, err := apispec.Load(apispec.PBS)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"ns": space, "backup-type": "vm", "backup-id": "100", "keep-last": "1", "notes": "x", "protected": "1", "new-owner": "kiosk@pbs!box",
		"delete-groups": "1", "name": "mine", "parent": space, "store": "main",
	}
	asked := 0
	for _, sig := range simulated() {
		m := spec.Method(sig)
		if m == nil || !strings.HasPrefix(m.Path, "/admin/datastore/{store}/") || m.Params.Properties["ns"] == nil && m.Params.Properties["parent"] == nil {
			continue
		}
		params := url.Values{}
		for name, p := range m.Params.Properties {
			if value, ok := values[name]; ok && name != "store" && !(name == "protected" && p.Type != "boolean") {
				params.Set(name, value)
			}
		}
		if m.Params.Properties["backup-time"] != nil {
			params.Set("backup-time", strconv.FormatInt(w.now.Unix(), 10))
		}
		asked++
		status, data := box.do(m.Verb, strings.ReplaceAll(m.Path, "{store}", "main"), params)
		if listsOwn := slices.Contains([]string{"GET /admin/datastore/{store}/namespace"}, sig); listsOwn && status == http.StatusOK {
			if strings.Contains(string(data), "other") {
				t.Errorf("%s %v shows %s", sig, params, data)
			}
			continue
		}
		// The root namespace is made or deleted by nobody, which is said first.
		root := space == "" && sig == "DELETE /admin/datastore/{store}/namespace" && status == http.StatusBadRequest
		if status != http.StatusForbidden && !root {
			t.Errorf("%s %v: %d %.200s, want 403", sig, params, status, data)
		}
	}
	if asked < 12 {
		t.Errorf("only %d calls take a namespace", asked)
	}
}
