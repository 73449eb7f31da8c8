package pbs

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// Open is how a box reaches the server: it implements archive.Network.
func (s *Server) Open(server string, port int, fingerprint, username, password, store, ns string) (archive.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if port != s.at.port || !sameHost(server, s.at.host) {
		return nil, &archive.Error{Code: 500, Text: fmt.Sprintf("Can't connect to %s:%d (Connection refused)", server, port)}
	}
	switch {
	case fingerprint == "":
		return nil, &archive.Error{Code: 500, Text: fmt.Sprintf("Can't connect to %s:%d (certificate verify failed)", server, port)}
	case !strings.EqualFold(fingerprint, s.at.fingerprint):
		return nil, &archive.Error{Text: fmt.Sprintf("fingerprint '%s' not verified, abort!", s.at.fingerprint)}
	}
	a := &s.state.Access
	now := s.world.Now()
	id := authID(username)
	if id.isToken() {
		if _, err := a.byToken(username+":"+password, now); err != nil {
			return nil, &archive.Error{Code: http.StatusUnauthorized, Text: "Unauthorized"}
		}
	} else if !a.active(id, now) || a.Users[id].Password == "" || a.Users[id].Password != password {
		return nil, &archive.Error{Code: http.StatusUnauthorized, Text: "Unauthorized"}
	}
	if s.state.Datastores[store] == nil || !s.visible(id, store) {
		return nil, archive.ErrNoDatastore
	}
	return &session{server: s, id: id, store: store, ns: ns}, nil
}

// sameHost takes all names of this machine for one.
func sameHost(a, b string) bool {
	local := func(h string) bool { return h == "localhost" || h == "::1" || strings.HasPrefix(h, "127.") }
	return strings.EqualFold(a, b) || local(a) && local(b)
}

// session acts on one namespace with one user's rights.
type session struct {
	server    *Server
	id        authID
	store, ns string
}

// wireError makes a failure the box's own.
func wireError(err error) error {
	if f, ok := err.(*failure); ok {
		return &archive.Error{Code: f.Status, Text: f.Text}
	}
	return err
}

func (x *session) lock() func() {
	x.server.mu.Lock()
	x.server.advance(x.server.world.Now())
	return x.server.mu.Unlock
}

// Status tells nothing but zeros to those who may use only a namespace.
func (x *session) Status() (archive.Status, error) {
	defer x.lock()()
	full, err := x.server.statusRights(x.id, x.store)
	if err != nil {
		return archive.Status{}, wireError(err)
	}
	d, err := x.server.store(x.store)
	if err != nil || !full {
		return archive.Status{}, wireError(err)
	}
	used := d.used()
	return archive.Status{Total: d.Size, Used: used, Avail: max(d.Size-used, 0)}, nil
}

// List gives what the user sees, oldest first.
func (x *session) List() ([]archive.Snapshot, error) {
	defer x.lock()()
	found, err := x.server.list(x.id, x.store, x.ns, "", "")
	if err != nil {
		return nil, wireError(err)
	}
	var out []archive.Snapshot
	for _, f := range found {
		out = append(out, archive.Snapshot{
			Ref: ref(f.id, f.s), Size: f.s.size(), Owner: string(f.g.Owner), Notes: f.s.Notes,
			Protected: f.s.Protected, Key: f.s.Key, Verified: f.s.Verified,
		})
	}
	return out, nil
}

// Put stores a snapshot as the backup protocol does: into a namespace that is there,
// in a group of one's own, and newer than its last.
func (x *session) Put(u archive.Upload) error {
	defer x.lock()()
	s := x.server
	if _, err := s.spaceRights(x.id, x.store, x.ns, []string{"Datastore.Backup"}, nil); err != nil {
		return wireError(err)
	}
	d, err := s.store(x.store)
	if err != nil {
		return wireError(err)
	}
	sp := d.Spaces[x.ns]
	if sp == nil {
		return &archive.Error{Code: http.StatusNotFound, Text: "namespace not found"}
	}
	id := u.Type + "/" + u.ID
	g := sp.Groups[id]
	if g == nil {
		g = &group{Owner: x.id}
	}
	if err := owns(g.Owner, x.id); err != nil {
		return wireError(err)
	}
	if n := len(g.Snapshots); n > 0 && u.Time.Unix() <= g.Snapshots[n-1].Time {
		return &archive.Error{Code: http.StatusBadRequest, Text: "backup timestamp is older than last backup."}
	}
	snap := &snapshot{Time: u.Time.Unix(), Image: u.Image, Key: u.Key, Written: u.Written}
	if d.used()+d.room(snap) > d.Size {
		return &archive.Error{Code: http.StatusBadRequest, Text: "inserting chunk on store '" + x.store + "' failed: No space left on device (os error 28)"}
	}
	d.keep(snap)
	g.Snapshots = append(g.Snapshots, snap)
	sp.Groups[id] = g
	s.record("backup", fmt.Sprintf("%s:%s", x.store, id), x.id, s.state.Now, "OK",
		fmt.Sprintf("starting new backup on datastore '%s': %q", x.store, id+"/"+stamp(snap.Time)),
		"backup finished successfully")
	return nil
}

// Get reads a snapshot.
func (x *session) Get(r archive.Ref) (archive.Image, error) {
	defer x.lock()()
	id := r.Type + "/" + r.ID
	_, g, err := x.server.reach(x.id, x.store, x.ns, id, toRead[0], toRead[1])
	if err != nil {
		return archive.Image{}, wireError(err)
	}
	s, err := g.snapshot(id, r.Time.Unix())
	if err != nil {
		return archive.Image{}, wireError(err)
	}
	if s.Corrupt {
		return archive.Image{}, &archive.Error{Code: http.StatusBadRequest, Text: "unable to load chunk - blob too small or has an invalid magic number"}
	}
	return s.Image, nil
}

// Delete forgets a snapshot.
func (x *session) Delete(r archive.Ref) error {
	defer x.lock()()
	id := r.Type + "/" + r.ID
	d, _, err := x.server.reach(x.id, x.store, x.ns, id, toDelete[0], toDelete[1])
	if err != nil {
		return wireError(err)
	}
	return wireError(d.remove(x.ns, id, r.Time.Unix()))
}

// SetNotes replaces a snapshot's notes.
func (x *session) SetNotes(r archive.Ref, notes string) error {
	return x.change(r, func(s *snapshot) { s.Notes = notes })
}

// SetProtected sets or takes the mark that keeps a snapshot from being removed.
func (x *session) SetProtected(r archive.Ref, protected bool) error {
	return x.change(r, func(s *snapshot) { s.Protected = protected })
}

func (x *session) change(r archive.Ref, do func(*snapshot)) error {
	defer x.lock()()
	id := r.Type + "/" + r.ID
	_, g, err := x.server.reach(x.id, x.store, x.ns, id, toChange[0], toChange[1])
	if err != nil {
		return wireError(err)
	}
	s, err := g.snapshot(id, r.Time.Unix())
	if err != nil {
		return wireError(err)
	}
	do(s)
	return nil
}

var _ archive.Network = (*Server)(nil)

// taskSpeed is how long a task needs for a number of bytes.
func taskSpeed(bytes, perSecond int64) time.Duration {
	return time.Duration(float64(bytes) / float64(perSecond) * float64(time.Second))
}
