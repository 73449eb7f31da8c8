package fleet_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

func registry(t *testing.T) (*fleet.Registry, store.DB) {
	t.Helper()
	db := store.Memory()
	r := fleet.NewRegistry(db, clock.Real())
	if _, err := r.AddSite(fleet.Site{Name: "lorient", Address: "quai", Travel: fleet.Bike}); err != nil {
		t.Fatal(err)
	}
	err := db.Update(func(tx store.Tx) error {
		if err := fleet.Boxes.Insert(tx, "kiosk", fleet.Box{Name: "kiosk", Site: "lorient", State: fleet.BoxReady, Zone: fleet.DefaultZone, Vault: "central", Version: "9.2.4"}); err != nil {
			return err
		}
		return fleet.Servers.Insert(tx, "kerlann", fleet.Server{Name: "kerlann", Box: "kiosk", VMID: 100, State: fleet.ServerReady})
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, db
}

func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	r, ok := errors.AsType[*operation.Refused](err)
	if !ok || r.Fix == "" {
		t.Errorf("want a refusal that says what to do, got %v", err)
	}
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not say %q", err, w)
		}
	}
}

func TestSites(t *testing.T) {
	r, _ := registry(t)
	_, err := r.AddSite(fleet.Site{Name: "lorient", Address: "x", Travel: fleet.Bike})
	refused(t, err, "lorient exists already")
	_, err = r.EditSite("lorient", func(s *fleet.Site) { s.Zone = "America/New_York" })
	refused(t, err, "time zone stays Europe/Paris while box kiosk stands there")
	s, err := r.EditSite("lorient", func(s *fleet.Site) { s.Name, s.Minutes = "other", 20 })
	if err != nil || s.Name != "lorient" || s.Minutes != 20 {
		t.Errorf("edited: %+v, %v", s, err)
	}
	if _, err := r.EditSite("brest", func(*fleet.Site) {}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown site: %v", err)
	}
}

func TestVaults(t *testing.T) {
	r, _ := registry(t)
	print := strings.Repeat("ab", 32)
	v, err := r.AddVault(fleet.Vault{Name: "central", URL: "https://Vault.example/", Fingerprint: print, Datastore: "coop", TokenID: "a@pbs!t"})
	if err != nil || v.URL != "https://Vault.example:8007" || v.Fingerprint != strings.TrimSuffix(strings.Repeat("AB:", 32), ":") {
		t.Errorf("added: %+v, %v", v, err)
	}
	_, err = r.EditVault("central", func(v *fleet.Vault) { v.Datastore = "other" })
	refused(t, err, "datastore stays coop while box kiosk backs up into it")
	_, err = r.AddVault(fleet.Vault{Name: "two", URL: "https://x", Fingerprint: print, Datastore: "a b", TokenID: "a@pbs!t"})
	refused(t, err, `datastore "a b"`)
	_, err = r.AddVault(fleet.Vault{Name: "two", URL: "https://x", Fingerprint: print, Datastore: "coop", TokenID: "nobody"})
	refused(t, err, `token "nobody"`)
}

func TestEditBox(t *testing.T) {
	r, _ := registry(t)
	_, err := r.EditBox("kiosk", func(b *fleet.Box) { b.State = fleet.BoxRetired })
	refused(t, err, "box kiosk carries server kerlann")
	b, err := r.EditBox("kiosk", func(b *fleet.Box) { b.Client, b.Node, b.Version = "archi", "evil", "0" })
	if err != nil || b.Client != "archi" || b.Node != "" || b.Version != "9.2.4" {
		t.Errorf("edited: %+v, %v", b, err)
	}
	if _, err = r.AddSite(fleet.Site{Name: "ny", Address: "x", Travel: fleet.Truck, Zone: "America/New_York"}); err != nil {
		t.Fatal(err)
	}
	_, err = r.EditBox("kiosk", func(b *fleet.Box) { b.Site = "ny" })
	refused(t, err, "its jobs run in Europe/Paris, and site ny keeps America/New_York")
}

// An observation that failed leaves what was known.
func TestFailedRoundLeavesWhatWasKnown(t *testing.T) {
	r, _ := registry(t)
	now := time.Date(2026, 9, 15, 6, 0, 0, 0, time.UTC)
	if err := r.Observed("kiosk", fleet.Observation{At: now, Error: "away"}); err != nil {
		t.Fatal(err)
	}
	if b, err := r.Box("kiosk"); err != nil || b.Version != "9.2.4" || b.Observed.Error != "away" {
		t.Errorf("after a failed round: %+v, %v", b, err)
	}
	if err := r.Observed("kiosk", fleet.Observation{At: now, Version: "9.3.1"}); err != nil {
		t.Fatal(err)
	}
	if b, err := r.Box("kiosk"); err != nil || b.Version != "9.3.1" {
		t.Errorf("after a good round: %+v, %v", b, err)
	}
	all, err := r.ServersOn("kiosk")
	if err != nil || len(all) != 1 {
		t.Errorf("servers %v, %v", all, err)
	}
}

func TestCleanURL(t *testing.T) {
	for in, want := range map[string]string{"https://box": "https://box:8006", "https://box:1/": "https://box:1", "https://[::1]": "https://[::1]:8006",
		"http://box": "", "box": "", "https://": "", "https://u:p@box": "", "https://box/x": "", "https://box?x": ""} {
		got, err := fleet.CleanURL(in, "8006")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("CleanURL(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestParseLogin(t *testing.T) {
	for in, want := range map[string]string{"root@pam!boot=1234-5\n": "root@pam!boot", "PVEAPIToken=root@pam!boot=12": "root@pam!boot", "hunter2!=x": "password", "a b c": "password", "": "", "two\nlines": ""} {
		l, err := fleet.ParseLogin(in)
		got := l.TokenID
		if l.Password() {
			got = "password"
		}
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseLogin(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func FuzzParseLogin(f *testing.F) {
	f.Add("root@pam!boot=12")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := fleet.ParseLogin(text)
		if err == nil && (l.User == "" || l.Secret.Reveal() == "") {
			t.Errorf("%q gives an empty login", text)
		}
		if id, key, err := fleet.ParseVaultToken(text); err == nil && (!strings.Contains(id, "@") || !strings.Contains(id, "!") || key.Reveal() == "") {
			t.Errorf("%q gives the vault's token %q", text, id)
		}
	})
}

func TestRetention(t *testing.T) {
	r := fleet.DefaultRetention()
	if r.String() != "keep-last=3,keep-daily=7,keep-weekly=5,keep-monthly=12" {
		t.Errorf("the default retention is %s", r)
	}
}
