package backup_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/fleet/fleettest"
	"codeberg.org/accolade/accolade/internal/operation"
)

// reinstalling installs the box anew when a request passes that a part of its path names.
type reinstalling struct {
	machines *fleettest.Machines
	method   string
	part     string
	heard    atomic.Int32 // requests that the new installation was sent

	once  sync.Once
	print string
}

func (r *reinstalling) between(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Method == r.method && strings.Contains(req.URL.Path, r.part) {
			r.once.Do(func() {
				r.print = r.machines.Reinstall(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					r.heard.Add(1)
					w.WriteHeader(http.StatusUnauthorized)
				}))
			})
		}
		return next.RoundTrip(req)
	})
}

// A box is installed anew under the same address while an operation is about it. Not one
// request, and so no token, goes to the new installation: the operation fails with both
// fingerprints and what to do, and the round of all boxes says the same.
func TestFaultBoxReinstalledWithTheSameAddress(t *testing.T) {
	for name, at := range map[string]struct{ method, part string }{
		"before the task":        {http.MethodPost, "/vzdump"},
		"while the task runs":    {http.MethodGet, "/tasks/"},
		"before anything begins": {http.MethodGet, "/"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "9.2")
			stranger := &reinstalling{machines: b.Machines, method: at.method, part: at.part}
			b.Between = stranger.between
			op, err := b.service.Start(b.ctx, "kerlann", backup.Remote, "anne", "test")
			if err != nil {
				t.Fatal(err)
			}
			says := func(of, what, fix string) {
				t.Helper()
				for _, want := range []string{"kiosk", b.BoxPrint, stranger.print} {
					if !strings.Contains(what, want) {
						t.Errorf("%s does not name %q: %q", of, want, what)
					}
				}
				if !strings.Contains(fix, "pvenode cert info") || !strings.Contains(fix, "accolade box enrol kiosk --repair --fingerprint") {
					t.Errorf("%s does not say what to do: %q", of, fix)
				}
			}
			op = b.wait(op.ID)
			if op.State != operation.Failed || op.Problem == nil {
				t.Fatalf("the operation is %s: %+v", op.State, op.Problem)
			}
			says("the operation", op.Problem.What, op.Problem.Fix)

			repair := b.Input()
			repair.Repair = true
			seen := b.Enrol.Round(b.ctx, b.box)
			says("the round", seen.Error, seen.Fix)
			if _, _, err = b.Enrol.Start(b.ctx, repair, b.Password(), "anne", "test"); err == nil {
				t.Error("a repair took the new installation for ours, and nobody had compared its certificate")
			} else {
				says("the repair", err.Error(), operation.Fix(err))
			}
			if now, err := b.Registry.Box("kiosk"); err != nil || now.Fingerprint != b.BoxPrint {
				t.Errorf("what we trust is now %s, %v", now.Fingerprint, err)
			}
			if n := stranger.heard.Load(); n != 0 {
				t.Errorf("the new installation was sent %d requests", n)
			}
		})
	}
}
