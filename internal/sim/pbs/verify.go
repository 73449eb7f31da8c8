package pbs

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

var _ = handle("POST /admin/datastore/{store}/verify", startVerify)

// verifyWork reads snapshots back.
type verifyWork struct {
	Store     string `json:"store"`
	Space     string `json:"space"`
	Depth     int    `json:"depth"`
	Group     string `json:"group,omitempty"` // "vm/100"; "" for all
	Time      int64  `json:"time,omitempty"`  // one snapshot of the group
	Owner     authID `json:"owner,omitempty"` // only groups that this one owns
	SkipKnown bool   `json:"skip_known"`      // leave out what was verified
	OlderThan int64  `json:"older_than"`      // except before this instant, Unix seconds; 0 never
}

// verifySpeed is how fast chunks are read and checked, in bytes a second.
const verifySpeed = 300 << 20

func startVerify(c *call) (any, error) {
	store, ns := c.p.Str("store"), c.p.Str("ns")
	limited, err := c.server.spaceRights(c.auth, store, ns, toVerify[0], toVerify[1])
	if err != nil {
		return nil, err
	}
	d, err := c.server.store(store)
	if err != nil {
		return nil, err
	}
	w := &verifyWork{
		Store: store, Space: ns, Depth: int(c.p.IntOr("max-depth", maxDepth)), Time: c.p.Int("backup-time"),
		SkipKnown: c.p.BoolOr("ignore-verified", true),
	}
	if days := c.p.Int("outdated-after"); days > 0 {
		w.OlderThan = c.now.Add(-time.Duration(days) * 24 * time.Hour).Unix()
	}
	kind, id := "verify", store
	if ns != "" {
		id += ":" + ns
	}
	switch {
	case c.p.Has("backup-type") && c.p.Has("backup-id"):
		w.Group = c.groupID()
		kind, id = "verify_group", fmt.Sprintf("%s:%s/%s", store, ns, w.Group)
		if w.Time != 0 {
			kind, id = "verify_snapshot", fmt.Sprintf("%s/%08X", id, w.Time)
		}
		g, err := d.group(ns, w.Group)
		if err != nil {
			return nil, err
		}
		if limited {
			if err := owns(g.Owner, c.auth); err != nil {
				return nil, err
			}
		}
		if w.Time != 0 {
			if _, err := g.snapshot(w.Group, w.Time); err != nil {
				return nil, err
			}
		}
	case c.p.Has("backup-type") || c.p.Has("backup-id") || c.p.Has("backup-time"):
		return nil, failf("parameters do not specify a backup group or snapshot")
	case limited:
		w.Owner = c.auth
	}
	return c.server.start(kind, id, c.auth, c.now, taskSpeed(w.bytes(c.server), verifySpeed), work{Verify: w}), nil
}

// bytes is how much is to be read.
func (w *verifyWork) bytes(s *Server) (n int64) {
	w.each(s, func(_, _ string, snap *snapshot) { n += snap.Image.Used() })
	return n
}

// each gives the snapshots that are to be verified.
func (w *verifyWork) each(s *Server, f func(ns, id string, s *snapshot)) {
	d, err := s.store(w.Store)
	if err != nil {
		return // the datastore went away meanwhile: nothing to do
	}
	d.each(func(ns, id string, g *group, snap *snapshot) {
		within := ns == w.Space || w.Space == "" || len(ns) > len(w.Space) && ns[:len(w.Space)+1] == w.Space+"/"
		switch {
		case !within || levels(ns)-levels(w.Space) > w.Depth:
		case w.Group != "" && (ns != w.Space || id != w.Group):
		case w.Time != 0 && snap.Time != w.Time:
		case w.Owner != "" && owns(g.Owner, w.Owner) != nil:
		case w.SkipKnown && snap.Verified != nil && snap.Verified.State == "ok" && (w.OlderThan == 0 || snap.Checked > w.OlderThan):
		default:
			f(ns, id, snap)
		}
	})
}

func (w *verifyWork) do(s *Server, t *task, now time.Time) error {
	var failed []string
	w.each(s, func(ns, id string, snap *snapshot) {
		name := id + "/" + stamp(snap.Time)
		t.say(s, now, "verify %s:%s", w.Store, name)
		state := "ok"
		if snap.Corrupt {
			state = "failed"
			failed = append(failed, name)
			t.say(s, now, "verify %s:%s failed: chunks could not be verified", w.Store, name)
		}
		snap.Verified = &archive.Verification{State: state, UPID: t.UPID}
		snap.Checked = now.Unix()
	})
	if len(failed) == 0 {
		return nil
	}
	t.say(s, now, "Failed to verify the following snapshots/groups:")
	for _, name := range failed {
		t.say(s, now, "\t%s", name)
	}
	return fmt.Errorf("verification failed - please check the log for details")
}
