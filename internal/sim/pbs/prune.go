package pbs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

var (
	_ = handle("POST /admin/datastore/{store}/prune", prune)
	_ = handle("POST /admin/datastore/{store}/prune-datastore", pruneDatastore)
)

// keeps is how many snapshots stay: the last ones, and the last of so many hours,
// days, weeks, months and years. All zero keeps everything.
type keeps struct {
	Last    int `json:"keep-last,omitempty"`
	Hourly  int `json:"keep-hourly,omitempty"`
	Daily   int `json:"keep-daily,omitempty"`
	Weekly  int `json:"keep-weekly,omitempty"`
	Monthly int `json:"keep-monthly,omitempty"`
	Yearly  int `json:"keep-yearly,omitempty"`
}

func keepsOf(p apispec.Params) keeps {
	n := func(name string) int { return int(p.Int(name)) }
	return keeps{n("keep-last"), n("keep-hourly"), n("keep-daily"), n("keep-weekly"), n("keep-monthly"), n("keep-yearly")}
}

func (k keeps) text() string {
	var out []string
	for _, o := range []struct {
		name string
		n    int
	}{{"last", k.Last}, {"hourly", k.Hourly}, {"daily", k.Daily}, {"weekly", k.Weekly}, {"monthly", k.Monthly}, {"yearly", k.Yearly}} {
		if o.n > 0 {
			out = append(out, fmt.Sprintf("--keep-%s %d", o.name, o.n))
		}
	}
	return strings.Join(out, " ")
}

// mark says what becomes of a snapshot: keep, remove, or protected (kept, and not
// counted).
type mark string

const (
	marksKeep      mark = "keep"
	marksRemove    mark = "remove"
	marksProtected mark = "protected"
)

// marks decides for each snapshot of a group, in the server's time zone.
func (k keeps) marks(snaps []*snapshot, zone *time.Location) map[*snapshot]mark {
	out := map[*snapshot]mark{}
	newest := slices.Clone(snaps)
	slices.Reverse(newest)
	for _, rule := range []struct {
		n      int
		period func(time.Time) string
	}{
		{k.Last, func(t time.Time) string { return t.Format(time.RFC3339Nano) }},
		{k.Hourly, func(t time.Time) string { return t.Format("2006-01-02 15") }},
		{k.Daily, func(t time.Time) string { return t.Format("2006-01-02") }},
		{k.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprintf("%d-%02d", y, w) }},
		{k.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{k.Yearly, func(t time.Time) string { return t.Format("2006") }},
	} {
		if rule.n > 0 {
			markRule(out, newest, rule.n, func(s *snapshot) string { return rule.period(time.Unix(s.Time, 0).In(zone)) })
		}
	}
	for _, s := range snaps {
		switch {
		case s.Protected:
			out[s] = marksProtected
		case k == keeps{}:
			out[s] = marksKeep
		case out[s] == "":
			out[s] = marksRemove
		}
	}
	return out
}

// markRule keeps the newest snapshot of each of the n newest periods that no earlier
// rule has kept one of.
func markRule(out map[*snapshot]mark, newest []*snapshot, n int, period func(*snapshot) string) {
	covered, mine := map[string]bool{}, map[string]bool{}
	for _, s := range newest {
		if out[s] == marksKeep {
			covered[period(s)] = true
		}
	}
	for _, s := range newest {
		if out[s] != "" || s.Protected {
			continue
		}
		p := period(s)
		switch {
		case covered[p]:
		case mine[p]:
			out[s] = marksRemove
		case len(mine) >= n:
			return
		default:
			mine[p] = true
			out[s] = marksKeep
		}
	}
}

// pruneWork applies a retention in a task.
type pruneWork struct {
	Store string `json:"store"`
	Space string `json:"space"`
	Depth int    `json:"depth"`
	Group string `json:"group,omitempty"` // "" for all
	Owner authID `json:"owner,omitempty"` // only groups that this one owns
	Keep  keeps  `json:"keep"`
	Dry   bool   `json:"dry,omitempty"`
}

func prune(c *call) (any, error) {
	_, g, err := c.reach(toDelete)
	if err != nil {
		return nil, err
	}
	k := keepsOf(c.p)
	marks := k.marks(g.Snapshots, c.server.zone())
	out := []map[string]any{}
	for _, s := range g.Snapshots {
		entry := map[string]any{
			"backup-type": c.p.Str("backup-type"), "backup-id": c.p.Str("backup-id"), "backup-time": s.Time,
			"keep": marks[s] != marksRemove, "protected": marks[s] == marksProtected,
		}
		if ns := c.p.Str("ns"); ns != "" {
			entry["ns"] = ns
		}
		out = append(out, entry)
	}
	if c.p.Bool("dry-run") {
		return out, nil
	}
	w := &pruneWork{Store: c.p.Str("store"), Space: c.p.Str("ns"), Group: c.groupID(), Keep: k}
	id := fmt.Sprintf("%s:%s:%s", w.Store, w.Space, w.Group)
	if c.p.Bool("use-task") {
		return c.server.start("prune", id, c.auth, c.now, time.Second, work{Prune: w}), nil
	}
	t := c.server.newTask("prune", id, c.auth, c.now)
	if err := w.do(c.server, t, c.now); err != nil {
		t.finish(c.server, c.now, err.Error())
		return nil, err
	}
	t.finish(c.server, c.now, "OK")
	return out, nil
}

func pruneDatastore(c *call) (any, error) {
	store, ns := c.p.Str("store"), c.p.Str("ns")
	path := spacePath(store, ns)
	a := &c.server.state.Access
	if !a.holdsAny(c.auth, path, []string{"Datastore.Modify", "Datastore.Prune"}) {
		return nil, denied("permission check failed")
	}
	if _, err := c.server.store(store); err != nil {
		return nil, err
	}
	w := &pruneWork{Store: store, Space: ns, Depth: int(c.p.IntOr("max-depth", maxDepth)), Keep: keepsOf(c.p), Dry: c.p.Bool("dry-run")}
	if !a.holdsAny(c.auth, path, []string{"Datastore.Modify"}) {
		w.Owner = c.auth
	}
	return c.server.start("prune", store+":"+ns, c.auth, c.now, 2*time.Second, work{Prune: w}), nil
}

func (w *pruneWork) do(s *Server, t *task, now time.Time) error {
	d, err := s.store(w.Store)
	if err != nil {
		return err
	}
	if w.Keep == (keeps{}) {
		t.say(s, now, "No prune selection - keeping all files.")
	} else {
		t.say(s, now, "retention options: %s", w.Keep.text())
	}
	for _, ns := range d.spacesBelow(w.Space, w.Depth) {
		for id, g := range d.Spaces[ns].Groups {
			if (w.Group != "" && id != w.Group) || (w.Owner != "" && owns(g.Owner, w.Owner) != nil) {
				continue
			}
			t.say(s, now, "Starting prune on datastore '%s' group %q", w.Store, id)
			w.group(s, t, now, d, ns, id, g)
		}
	}
	return nil
}

func (w *pruneWork) group(s *Server, t *task, now time.Time, d *datastore, ns, id string, g *group) {
	marks := w.Keep.marks(g.Snapshots, s.zone())
	for _, snap := range slices.Clone(g.Snapshots) {
		t.say(s, now, "%s/%s %s", id, stamp(snap.Time), marks[snap])
		if marks[snap] != marksRemove || w.Dry {
			continue
		}
		if err := d.remove(ns, id, snap.Time); err != nil {
			t.say(s, now, "failed to remove dir %q: %v", id+"/"+stamp(snap.Time), err)
		}
	}
}
