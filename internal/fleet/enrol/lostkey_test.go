package enrol_test

import (
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// After the key file was lost, what it sealed is as good as gone: a repair makes anew what
// can be, and leaves the box the encryption key that it has.
func TestRepairAfterTheKeyFileWasLost(t *testing.T) {
	b := fleettest.New(t, "9.2")
	b.Run()
	b.Enrolled()
	lost, err := secret.OpenKeeper(filepath.Join(t.TempDir(), "lost"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := lost.Seal(secret.New("nobody opens this"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DB.Update(func(tx store.Tx) error {
		box, err := fleet.Boxes.Get(tx, "kiosk")
		box.TokenSecret, box.VaultSecret, box.VaultKey = sealed, sealed, sealed
		if err != nil {
			return err
		}
		return fleet.Boxes.Put(tx, box.Name, box)
	}); err != nil {
		t.Fatal(err)
	}
	repaired(t, b)
	box, err := b.Registry.Box("kiosk")
	if err != nil {
		t.Fatal(err)
	}
	if seen := b.Enrol.Observe(t.Context(), box); len(seen.Drift) != 0 || seen.Error != "" {
		t.Errorf("after the repair: %+v", seen)
	}
	if _, err := b.Keeper.Open(box.VaultKey); err == nil || !strings.Contains(err.Error(), "bring back the key file that belongs to this store") {
		t.Errorf("the lost encryption key: %v", err)
	}
}
