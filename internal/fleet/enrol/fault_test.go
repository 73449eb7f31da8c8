package enrol_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation/faulttest"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/store"
)

// enrolFaults is the crash world of an enrolment, with what is to be known of it to
// break it.
func enrolFaults(m *fleettest.Machines, prepare func(context.Context, store.DB) error, in enrol.Input, login fleet.Login) faulttest.World {
	w := enrolWorld(m, prepare, in, login)
	state := w.State
	w.State = func(ctx context.Context, db store.DB) (any, error) {
		got, err := state(ctx, db)
		if all, ok := got.(map[string]any); ok {
			delete(all, "formatted") // how often it took, where the first try failed
		}
		return got, err
	}
	return faulttest.World{World: w,
		Targets: m.Targets(0, false, "local", "local-lvm", "hdd", "accolade", "vault"),
		Left: func(ctx context.Context, db store.DB) ([]string, error) {
			all, err := m.Left(ctx, fleet.Box{Name: "kiosk", URL: m.BoxURL, Fingerprint: m.BoxPrint, Node: fleettest.Node})
			if err != nil {
				return nil, err
			}
			vault := m.DialVault(fleet.Vault{Name: fleettest.VaultName, URL: m.VaultURL, Fingerprint: m.VaultPrint, Datastore: fleettest.Datastore, TokenID: fleettest.VaultToken}, secret.New(fleettest.VaultSecret))
			defer vault.Close()
			namespaces, err := vault.Namespaces(ctx)
			users, uerr := vault.Users(ctx)
			for _, n := range namespaces {
				all = append(all, "namespace "+n)
			}
			for _, u := range users {
				all = append(all, "vault user "+u)
			}
			return all, errors.Join(err, uerr, db.View(func(tx store.Tx) error {
				boxes, err := fleet.Boxes.List(tx)
				for _, b := range boxes {
					all = append(all, fmt.Sprintf("record of box %s, %s", b.Name, b.State))
				}
				return err
			}))
		},
		Doctor: func(ctx context.Context, db store.DB) ([]string, error) {
			return m.Sentences(ctx, db, nil)
		},
	}
}

func anEnrolment(t testing.TB, clk *clocktest.Clock) faulttest.World {
	m := fleettest.Near(t, clk, "9.2")
	return enrolFaults(m, found(m), m.Input(), m.Token())
}

func TestFaultEnrol(t *testing.T) { faulttest.Run(t, anEnrolment) }

// A token was made, and its secret was never seen: it is worth nothing, and is made anew.
func TestFaultTokenWhoseSecretWasNeverSeen(t *testing.T) {
	for _, pattern := range []string{"token/*"} {
		for _, kind := range []fault.Kind{fault.ResetAfter, fault.ResetBefore} {
			faulttest.Strike(t, anEnrolment, "POST", pattern, fault.Rule{Kind: kind})
		}
	}
}

// The vault was added, and the answer was lost: it is there once, with the key of our
// record.
func TestFaultVaultStorageAddedTwiceWithTwoKeys(t *testing.T) {
	faulttest.Strike(t, anEnrolment, "POST", "storage", fault.Rule{Kind: fault.ResetAfter})
}

func TestFaultRepair(t *testing.T) {
	saved := fleettest.Save(t, "9.2", func(b *fleettest.Bench) error { return damage(b, b.Enrolled()) })
	faulttest.Run(t, func(t testing.TB, clk *clocktest.Clock) faulttest.World {
		m := fleettest.Near(t, clk, "9.2")
		in := m.Input()
		in.Repair = true
		w := enrolFaults(m, func(ctx context.Context, db store.DB) error {
			return errors.Join(m.TakeOver(ctx, saved), saved.KeepBoxes(db))
		}, in, m.Password())
		w.Damaged, w.Left = true, nil
		return w
	})
}
