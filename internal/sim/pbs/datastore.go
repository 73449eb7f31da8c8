package pbs

import (
	"maps"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// datastore holds backups on one disk. Equal blocks of all backups under one key are
// kept once.
type datastore struct {
	Size    int64  `json:"size"` // of the disk, in bytes
	Comment string `json:"comment,omitempty"`
	// Path is where it would lie.
	Path string `json:"path"`
	// Spaces are the namespaces by name, "a/b"; "" is the root, always there.
	Spaces map[string]*space `json:"spaces"`
	// Garbage is what snapshots that are gone still take, until it is collected.
	Garbage int64 `json:"garbage"`
	// LastGC is the last garbage collection.
	LastGC *gcStatus `json:"last_gc,omitempty"`

	chunks map[chunk]int // how many snapshots use each; made when first needed
}

// chunk identifies stored content: blocks are told apart per encryption key.
type chunk struct {
	key string
	id  uint64
}

// space is one namespace.
type space struct {
	Groups map[string]*group `json:"groups"` // by "vm/100"
}

// group is the backups of one machine; Owner may use them without further rights.
type group struct {
	Owner     authID      `json:"owner"`
	Notes     string      `json:"notes,omitempty"`
	Snapshots []*snapshot `json:"snapshots"` // oldest first
}

// snapshot is one backup.
type snapshot struct {
	Time      int64                 `json:"time"` // Unix seconds
	Image     archive.Image         `json:"image"`
	Key       string                `json:"key,omitempty"` // fingerprint of the client's key
	Written   int64                 `json:"written"`
	Notes     string                `json:"notes,omitempty"`
	Protected bool                  `json:"protected,omitempty"`
	Verified  *archive.Verification `json:"verified,omitempty"`
	Checked   int64                 `json:"checked,omitempty"` // when it was verified, Unix seconds
	Corrupt   bool                  `json:"corrupt,omitempty"` // the next verification finds it broken
}

func newDatastore(size int64) *datastore {
	return &datastore{Size: size, Path: "/mnt/datastore", Spaces: map[string]*space{"": newSpace()}}
}

func newSpace() *space { return &space{Groups: map[string]*group{}} }

// store finds a datastore.
func (s *Server) store(name string) (*datastore, error) {
	d := s.state.Datastores[name]
	if d == nil {
		return nil, failf("no such datastore '%s'", name)
	}
	return d, nil
}

// space finds a namespace.
func (d *datastore) space(ns string) (*space, error) {
	sp := d.Spaces[ns]
	if sp == nil {
		return nil, failf("ENOENT: No such file or directory")
	}
	return sp, nil
}

// group finds a group in a namespace.
func (d *datastore) group(ns, id string) (*group, error) {
	sp, err := d.space(ns)
	if err != nil {
		return nil, err
	}
	g := sp.Groups[id]
	if g == nil {
		return nil, failf("unable to read owner of group '%s' - No such file or directory (os error 2)", id)
	}
	return g, nil
}

// snapshot finds one backup of a group.
func (g *group) snapshot(id string, at int64) (*snapshot, error) {
	for _, s := range g.Snapshots {
		if s.Time == at {
			return s, nil
		}
	}
	return nil, failf("snapshot %s/%s does not exist!", id, stamp(at))
}

func stamp(at int64) string { return time.Unix(at, 0).UTC().Format("2006-01-02T15:04:05Z") }

// spacesBelow are the namespaces at or below one, parents first, at most depth levels
// down.
func (d *datastore) spacesBelow(ns string, depth int) []string {
	var out []string
	for name := range d.Spaces {
		if name == ns || ns == "" || strings.HasPrefix(name, ns+"/") {
			if levels(name)-levels(ns) <= depth {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func levels(ns string) int { return len(splitPath(ns)) }

// ref names a snapshot of a group.
func ref(id string, s *snapshot) archive.Ref {
	kind, name, _ := strings.Cut(id, "/")
	return archive.Ref{Type: kind, ID: name, Time: time.Unix(s.Time, 0).UTC()}
}

func (d *datastore) each(f func(ns, id string, g *group, s *snapshot)) {
	for _, ns := range slices.Sorted(maps.Keys(d.Spaces)) {
		groups := d.Spaces[ns].Groups
		for _, id := range slices.Sorted(maps.Keys(groups)) {
			for _, s := range groups[id].Snapshots {
				f(ns, id, groups[id], s)
			}
		}
	}
}

func (s *snapshot) eachChunk(f func(chunk)) {
	for _, disk := range s.Image.Disks {
		disk.Blocks.Each(func(id uint64) { f(chunk{key: s.Key, id: id}) })
	}
}

// index counts the uses of each chunk, once after a start.
func (d *datastore) index() map[chunk]int {
	if d.chunks == nil {
		d.chunks = map[chunk]int{}
		d.each(func(_, _ string, _ *group, s *snapshot) { s.eachChunk(func(c chunk) { d.chunks[c]++ }) })
	}
	return d.chunks
}

// used is what the datastore takes on its disk, in bytes.
func (d *datastore) used() int64 { return int64(len(d.index()))*archive.BlockSize + d.Garbage }

// room is what a snapshot would take, in bytes.
func (d *datastore) room(s *snapshot) int64 {
	index := d.index()
	fresh := map[chunk]bool{}
	s.eachChunk(func(c chunk) {
		if index[c] == 0 {
			fresh[c] = true
		}
	})
	return int64(len(fresh)) * archive.BlockSize
}

func (d *datastore) keep(s *snapshot) {
	index := d.index()
	s.eachChunk(func(c chunk) { index[c]++ })
}

// drop takes a snapshot's uses back; what nobody uses any more is garbage.
func (d *datastore) drop(s *snapshot) {
	index := d.index()
	s.eachChunk(func(c chunk) {
		index[c]--
		if index[c] <= 0 {
			delete(index, c)
			d.Garbage += archive.BlockSize
		}
	})
}

// remove forgets a snapshot, and its group with the last one.
func (d *datastore) remove(ns, id string, at int64) error {
	g, err := d.group(ns, id)
	if err != nil {
		return err
	}
	s, err := g.snapshot(id, at)
	if err != nil {
		return err
	}
	if s.Protected {
		return failf("cannot remove protected snapshot")
	}
	d.drop(s)
	g.Snapshots = slices.DeleteFunc(g.Snapshots, func(x *snapshot) bool { return x == s })
	if len(g.Snapshots) == 0 {
		delete(d.Spaces[ns].Groups, id)
	}
	return nil
}

// Corrupt makes the next verification find a snapshot broken, as a failing disk
// would.
func (s *Server) Corrupt(store, ns string, r archive.Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.store(store)
	if err != nil {
		return err
	}
	g, err := d.group(ns, r.Type+"/"+r.ID)
	if err != nil {
		return err
	}
	snap, err := g.snapshot(r.Type+"/"+r.ID, r.Time.Unix())
	if err != nil {
		return err
	}
	snap.Corrupt = true
	return nil
}
