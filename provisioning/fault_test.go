package provisioning_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/operation/faulttest"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/store"
)

// faultWorld is the crash world on machines taken over from a life before, with what is
// to be known of it to break it.
func faultWorld(t testing.TB, clk *clocktest.Clock, at string, saved *fleettest.Saved, stands bool, begin func(context.Context, *world) (operation.Operation, error)) faulttest.World {
	w := newWorld(t, clk, at, saved)
	return faulttest.World{
		World: crashtest.World{Controller: w.controller, Prepare: w.prepare,
			Begin: func(c *crashtest.Controller) (operation.Operation, error) { return begin(c.Context, w) },
			State: func(ctx context.Context, db store.DB) (any, error) {
				got, err := w.state(ctx, db)
				if e, ok := got.(end); ok {
					got = settled(e)
				}
				return got, err
			}},
		Targets: append(w.Targets(100, stands, "accolade", "local-lvm", "hdd", "vault"),
			faulttest.Target{Name: "the server of images", Host: strings.TrimPrefix(at, "http://")}),
		Left:   func(ctx context.Context, db store.DB) ([]string, error) { return w.LeftWith(ctx, db, w.box) },
		Doctor: func(ctx context.Context, db store.DB) ([]string, error) { return w.Sentences(ctx, db, nil) },
	}
}

// settled leaves out what differs after a fault that was overcome: the VMID where
// somebody took ours, how often a backup was tried, the box's own nightly backups, and
// that a task had warnings.
func settled(e end) end {
	for vmid, config := range e.VMs {
		if strings.HasPrefix(config["name"], "theirs-") {
			delete(e.VMs, vmid)
			delete(e.Running, vmid)
		}
	}
	if config, moved := e.VMs[101]; moved && e.VMs[100] == nil {
		for key, value := range config {
			config[key] = strings.ReplaceAll(value, "101", "100")
		}
		e.VMs[100], e.Running[100], e.Server.VMID = config, e.Running[101], 100
		delete(e.VMs, 101)
		delete(e.Running, 101)
	}
	e.Volumes["hdd backup"], e.Volumes["vault backup"] = min(e.Volumes["hdd backup"], 1), min(e.Volumes["vault backup"], 1)
	e.Runs, e.Counted = min(e.Runs, 2), min(e.Counted, 2)
	e.Server.Operation, e.Server.Created, e.Server.Ready = "", crashtest.Start, crashtest.Start
	e.Server.Address, e.Result.DNS = "", ""
	// What was not done is told: the server is of use without it.
	told := strings.Join(e.Result.Warnings, "\n")
	var apps []string
	for _, app := range []string{"nextcloud", "dolibarr"} {
		if slices.Contains(e.Result.Apps, app) || strings.Contains(told, app) {
			apps = append(apps, app)
		}
	}
	e.Result.Apps = apps
	if strings.Contains(told, "local backup") {
		e.Volumes["hdd backup"], e.Runs, e.Counted = 1, 2, 2
	}
	if strings.Contains(told, "remote backup") {
		e.Volumes["vault backup"], e.Runs, e.Counted = 1, 2, 2
	}
	e.Result.Warnings, e.Result.Findings = nil, nil
	if e.Result.Certificate.Days > 3600 {
		e.Result.Certificate.Days = 3649 // of ten years, less what a fault took
	}
	return e
}

func TestFaultProvision(t *testing.T) {
	at := images(t)
	saved := lifeBefore(t, at, false)
	faulttest.Run(t, func(t testing.TB, clk *clocktest.Clock) faulttest.World {
		return faultWorld(t, clk, at, saved, false, func(ctx context.Context, w *world) (operation.Operation, error) {
			return w.service.Start(ctx, w.request(3))
		})
	})
}

func TestFaultUserImport(t *testing.T) { faulttest.Run(t, userImport(t)) }

// A box that is away for three days is waited for. A server that is off while its box
// is up is given up after half a day, since the import holds the box, which has nightly
// work: with a sentence, and once it is back the import ends when it is begun again.
func TestFaultServerAwayForThreeDays(t *testing.T) {
	build := userImport(t)
	box := build(t, clocktest.Auto(crashtest.Start)).Targets[0]
	faulttest.Absence(t, build, fault.Rule{Target: box.Name, Kind: fault.Refused, Count: -1})
	faulttest.Absence(t, build, fault.Rule{Target: box.Name, Kind: fault.AgentNever, VMID: 100})
}

func userImport(t *testing.T) faulttest.Build {
	at := images(t)
	saved := lifeBefore(t, at, true)
	return func(t testing.TB, clk *clocktest.Clock) faulttest.World {
		return faultWorld(t, clk, at, saved, true, func(ctx context.Context, w *world) (operation.Operation, error) {
			return w.service.ImportUsers(ctx, "kerlann", "users.csv", users(60), "anne", "test")
		})
	}
}

// An upload that is cut in the middle of its body, or right before or after it, leaves no
// half seed: it is sent again.
func TestFaultUploadCutInTheMiddle(t *testing.T) {
	for _, kind := range []fault.Kind{fault.ResetMiddle, fault.ResetBefore, fault.ResetAfter} {
		strike(t, "POST", "upload", fault.Rule{Kind: kind})
	}
}

// The seed holds secrets: whatever happens to its removal, it does not stay.
func TestFaultSeedWithSecretsLeftOnTheBox(t *testing.T) {
	for _, rule := range []fault.Rule{{Kind: fault.ResetBefore}, {Kind: fault.ResetAfter}, {Kind: fault.Error}} {
		strike(t, "DELETE", "content/*", rule)
	}
}

func strike(t *testing.T, method, pattern string, rule fault.Rule) {
	t.Helper()
	at := images(t)
	saved := lifeBefore(t, at, false)
	faulttest.Strike(t, func(t testing.TB, clk *clocktest.Clock) faulttest.World {
		return faultWorld(t, clk, at, saved, false, func(ctx context.Context, w *world) (operation.Operation, error) {
			return w.service.Start(ctx, w.request(3))
		})
	}, method, pattern, rule)
}
