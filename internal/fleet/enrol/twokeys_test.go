package enrol_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
)

// anotherKey adds the vault to the box, or changes the one there, with the login that ours
// has and a key that nobody keeps.
func anotherKey(b *fleettest.Bench, box fleet.Box, change bool) error {
	text, print, err := fleet.NewVaultKey(b.Clock.Now())
	if err != nil {
		return err
	}
	password, err := b.Keeper.Open(box.VaultSecret)
	if err != nil {
		return err
	}
	root := b.Client(box, b.Password())
	defer root.Close()
	host, digits, _ := strings.Cut(strings.TrimPrefix(b.VaultURL, "https://"), ":")
	port, err := strconv.Atoi(digits)
	if err != nil {
		return err
	}
	c := fleet.StorageConfig{Name: fleet.VaultStorage, Type: "pbs", Content: []string{"backup"}, Nodes: []string{box.Node}, Server: host, Port: port,
		Datastore: fleettest.Datastore, Namespace: box.Namespace, Username: box.VaultToken, Fingerprint: b.VaultPrint, KeyPrint: print}
	if change {
		return root.UpdateVault(context.Background(), c, password, text)
	}
	return root.AddVault(context.Background(), c, password, text)
}

// vaultKey is the fingerprint of the key that the box encrypts with.
func vaultKey(b *fleettest.Bench, box fleet.Box) (string, error) {
	root := b.Client(box, b.Password())
	defer root.Close()
	configs, err := root.StorageConfigs(context.Background())
	if err != nil {
		return "", err
	}
	for _, c := range configs {
		if c.Name == fleet.VaultStorage {
			return c.KeyPrint, nil
		}
	}
	return "", errors.New("the box has no vault")
}

// The vault is added with another key in the instant before we add it: backups made with
// that key nobody could read. The enrolment ends with the key of our record.
func TestFaultVaultStorageAddedTwiceWithAnotherKeyFirst(t *testing.T) {
	b := fleettest.New(t, "9.2")
	var added atomic.Bool
	b.Between = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/storage") {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				if bytes.Contains(body, []byte("encryption-key")) && added.CompareAndSwap(false, true) {
					box, err := b.Registry.Box("kiosk")
					if err := errors.Join(err, anotherKey(b, box, false)); err != nil {
						return nil, err
					}
				}
			}
			return next.RoundTrip(r)
		})
	}
	b.Run()
	op, _, err := b.Enrol.Start(t.Context(), b.Input(), b.Token(), "anne", "test")
	if err != nil {
		t.Fatal(err)
	}
	if op = b.Wait(op.ID); op.State != operation.Done {
		t.Fatalf("%s: %+v", op.State, op.Problem)
	}
	if !added.Load() {
		t.Error("nobody has added the vault before us")
	}
	keeps(t, b)
}

// Somebody removes the vault of an enrolled box and adds it again with another key, or
// puts another key in the place of ours: the round says so, and a repair brings ours back.
func TestFaultVaultStorageAddedAgainWithAnotherKey(t *testing.T) {
	for name, change := range map[string]bool{"added again": false, "replaced": true} {
		t.Run(name, func(t *testing.T) {
			b := fleettest.New(t, "9.2")
			b.Run()
			box := b.Enrolled()
			root := b.Client(box, b.Password())
			defer root.Close()
			if !change {
				if err := root.DeleteStorage(t.Context(), fleet.VaultStorage); err != nil {
					t.Fatal(err)
				}
			}
			if err := anotherKey(b, box, change); err != nil {
				t.Fatal(err)
			}
			other, err := vaultKey(b, box)
			if err != nil || other == box.KeyPrint {
				t.Fatalf("the box has the key %s, %v", other, err)
			}
			says := "storage vault" // its rights went with the storage, so we do not see the new one
			if change {
				says = other
			}
			seen := b.Enrol.Round(t.Context(), box)
			if !slices.ContainsFunc(seen.Drift, func(d fleet.Drift) bool {
				return strings.Contains(d.What+d.Wanted+d.Actual, says) && strings.Contains(d.Fix, "accolade box enrol kiosk --repair")
			}) {
				t.Errorf("the round does not name %q and what to do: %+v", says, seen.Drift)
			}
			repaired(t, b)
			keeps(t, b)
		})
	}
}

// keeps checks that the box encrypts with the key that we keep, and that the doctor
// agrees.
func keeps(t *testing.T, b *fleettest.Bench) {
	t.Helper()
	box, err := b.Registry.Box("kiosk")
	if err != nil {
		t.Fatal(err)
	}
	key, err := b.Keeper.Open(box.VaultKey)
	if err != nil || key == (secret.Value{}) {
		t.Fatalf("our record's key: %v", err)
	}
	if got, err := vaultKey(b, box); err != nil || got != box.KeyPrint {
		t.Errorf("the box encrypts with %s (%v), our record has %s", got, err, box.KeyPrint)
	}
	if found, err := b.Sentences(t.Context(), b.DB, nil); err != nil || len(found) > 0 {
		t.Errorf("the doctor: %v, %v", found, err)
	}
}
