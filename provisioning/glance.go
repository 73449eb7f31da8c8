package provisioning

import (
	"context"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// recent is how long what a box said of itself is taken for what it would say now:
// from the check of a request to the first steps of its operation.
const recent = 30 * time.Second

// lately is the instant since when a glance is good enough for a step: a step that
// somebody has begun before looks for itself.
func lately(r *operation.Run) time.Time {
	now := r.Clock().Now()
	if r.First() {
		now = now.Add(-recent)
	}
	return now
}

// glances are the last looks at boxes, in memory. What is in them of our own servers
// is read from the store each time.
type glances struct {
	mu   sync.Mutex
	last map[string]glance // by box
}

type glance struct {
	at   time.Time
	seen observed
}

// since is the last look at a box, if it came after an instant.
func (g *glances) since(box fleet.Box, notBefore time.Time) (observed, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	last, ok := g.last[box.Name]
	return last.seen, ok && last.at.After(notBefore)
}

// look is the last one at a box, or a new one if that was before notBefore.
func (g *glances) look(ctx context.Context, hv Hypervisor, box fleet.Box, now, notBefore time.Time) (seen observed, err error) {
	if seen, ok := g.since(box, notBefore); ok {
		return seen, nil
	}
	if seen.Node, err = hv.Status(ctx); err != nil {
		return seen, err
	}
	if seen.Storages, err = hv.Storages(ctx); err != nil {
		return seen, err
	}
	if seen.VMs, err = hv.VMs(ctx); err != nil {
		return seen, err
	}
	if seen.Images, err = hv.Content(ctx, box.Storages.Images, "import", 0); err != nil {
		return seen, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.last == nil {
		g.last = map[string]glance{}
	}
	g.last[box.Name] = glance{now, seen}
	return seen, nil
}
