package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// cutter lets a number of commits through; then the machine is dead.
type cutter struct{ left int }

func (c *cutter) BeforeCommit() error {
	if c.left--; c.left < 0 {
		return errors.New("dead")
	}
	return nil
}

func (c *cutter) AfterCommit() {}

// TestCrashBetweenEffectAndRecord: whatever commit the machine dies at, a change is in
// the store if and only if its audit record is.
func TestCrashBetweenEffectAndRecord(t *testing.T) {
	keeper, err := secret.OpenKeeper(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []struct {
		method, path, body, action string
		done                       func(t *testing.T, tx store.Tx) bool
	}{
		{http.MethodPost, "/v1/sites", `{"name":"brest","address":"quai","travel":"truck"}`, "add-site", hasSite("brest", "quai")},
		{http.MethodPatch, "/v1/sites/lorient", `{"address":"rue du Port"}`, "edit-site", hasSite("lorient", "rue du Port")},
		{http.MethodPatch, "/v1/boxes/kiosk", `{"client":"archi"}`, "edit-box", func(t *testing.T, tx store.Tx) bool {
			b, err := fleet.Boxes.Get(tx, "kiosk")
			if err != nil {
				t.Fatal(err)
			}
			return b.Client == "archi"
		}},
		{http.MethodPost, "/v1/vaults", `{"name":"second","url":"https://vault.example:8007","fingerprint":"` + leaf + `","datastore":"main","token":"a@pbs!b:12345678-1234-1234-1234-123456789abc"}`, "add-vault", hasVault("second", "main")},
		{http.MethodPatch, "/v1/vaults/central", `{"datastore":"other"}`, "edit-vault", hasVault("central", "other")},
		{http.MethodPost, "/v1/tokens", `{"name":"zoe","role":"tech"}`, "add-token", hasToken("zoe", true)},
		{http.MethodDelete, "/v1/tokens/anne", ``, "revoke-token", hasToken("anne", false)},
	} {
		t.Run(call.action, func(t *testing.T) {
			for commits := range 3 {
				mem := store.Memory()
				if err := prepareWorld(mem, keeper); err != nil {
					t.Fatal(err)
				}
				db := store.Observe(mem, &cutter{commits})
				vaults := &enrol.Service{Deps: enrol.Deps{DB: db, Clock: clock.Real(), Keeper: keeper, DialVault: func(fleet.Vault, secret.Value) enrol.VaultServer { return goodVault{} }}}
				s, _ := newTestServer(t, Services{Store: db, Fleet: fleet.NewRegistry(db, clock.Real()), Tokens: NewTokens(db, clock.Real()), Enrol: vaults})
				s.audit = func(tx store.Tx, r Recorded) error {
					return audit.Append(tx, clock.Real().Now(), audit.Record{Who: r.Who, Action: r.Action, Object: r.Object, Result: r.Result})
				}
				r := httptest.NewRequest(call.method, call.path, strings.NewReader(call.body))
				r.Header.Set("Authorization", "Bearer token-admin")
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, r)
				if commits > 0 && w.Code >= 300 {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
				if err := mem.View(func(tx store.Tx) error {
					records := 0
					var failed error
					for rec := range audit.List(tx, 0, &failed) {
						if rec.Action == call.action && rec.Result == "ok" {
							records++
						}
					}
					done := call.done(t, tx)
					if done != (records == 1) || done != (commits > 0) {
						t.Errorf("dead after %d commits: done %t with %d records", commits, done, records)
					}
					return failed
				}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// leaf is the fingerprint of a certificate.
var leaf = strings.TrimSuffix(strings.Repeat("AB:", 32), ":")

// goodVault is a vault that is as it should be. To be added or edited it is only looked
// at: what is made in a vault is an enrolment's, which crashtest kills.
type goodVault struct{ enrol.VaultServer }

func (goodVault) Close() {}

func (goodVault) HasNamespace(context.Context, string) (bool, error) { return true, nil }

func (goodVault) MayBackUp(context.Context, string, string) (bool, error) { return true, nil }

func prepareWorld(db store.DB, keeper *secret.Keeper) error {
	if _, err := fleet.NewRegistry(db, clock.Real()).AddSite(fleet.Site{Name: "lorient", Address: "quai", Travel: fleet.Bike}); err != nil {
		return err
	}
	if _, _, err := NewTokens(db, clock.Real()).Add("anne", Tech, "root"); err != nil {
		return err
	}
	sealed, err := keeper.Seal(secret.New("x"))
	if err != nil {
		return err
	}
	if _, err := fleet.NewRegistry(db, clock.Real()).AddVault(fleet.Vault{Name: "central", URL: "https://vault.example:8007", Fingerprint: leaf, Datastore: "main", TokenID: "a@pbs!b", TokenSecret: sealed}); err != nil {
		return err
	}
	return db.Update(func(tx store.Tx) error {
		return fleet.Boxes.Put(tx, "kiosk", fleet.Box{Name: "kiosk", Site: "lorient", State: fleet.BoxReady})
	})
}

func hasSite(name, address string) func(*testing.T, store.Tx) bool {
	return func(t *testing.T, tx store.Tx) bool {
		site, err := fleet.Sites.Get(tx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && site.Address == address
	}
}

func hasVault(name, datastore string) func(*testing.T, store.Tx) bool {
	return func(t *testing.T, tx store.Tx) bool {
		v, err := fleet.Vaults.Get(tx, name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil && v.Datastore == datastore
	}
}

func hasToken(name string, want bool) func(*testing.T, store.Tx) bool {
	return func(t *testing.T, tx store.Tx) bool {
		has, err := tokenRecords.Has(tx, name)
		if err != nil {
			t.Fatal(err)
		}
		return has == want
	}
}
