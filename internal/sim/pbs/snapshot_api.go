package pbs

import (
	"maps"
	"slices"
	"strings"
)

var (
	_ = handle("GET /admin/datastore/{store}/groups", listGroups)
	_ = handle("DELETE /admin/datastore/{store}/groups", deleteGroup)
	_ = handle("GET /admin/datastore/{store}/snapshots", listSnapshots)
	_ = handle("DELETE /admin/datastore/{store}/snapshots", deleteSnapshot)
	_ = handle("GET /admin/datastore/{store}/files", listFiles)
	_ = handle("GET /admin/datastore/{store}/notes", readNotes)
	_ = handle("PUT /admin/datastore/{store}/notes", writeNotes)
	_ = handle("GET /admin/datastore/{store}/group-notes", readGroupNotes)
	_ = handle("PUT /admin/datastore/{store}/group-notes", writeGroupNotes)
	_ = handle("GET /admin/datastore/{store}/protected", readProtected)
	_ = handle("PUT /admin/datastore/{store}/protected", writeProtected)
	_ = handle("POST /admin/datastore/{store}/change-owner", changeOwner)
)

// found is a snapshot with where it lies.
type found struct {
	id string
	g  *group
	s  *snapshot
}

// list gives the snapshots of a namespace that a user sees, oldest first in each
// group; kind and name narrow it, "" for all.
func (s *Server) list(id authID, store, ns, kind, name string) ([]found, error) {
	limited, err := s.spaceRights(id, store, ns, toList[0], toList[1])
	if err != nil {
		return nil, err
	}
	d, err := s.store(store)
	if err != nil {
		return nil, err
	}
	sp, err := d.space(ns)
	if err != nil {
		return nil, err
	}
	var out []found
	for _, groupID := range slices.Sorted(maps.Keys(sp.Groups)) {
		g := sp.Groups[groupID]
		t, n, _ := strings.Cut(groupID, "/")
		if (kind != "" && kind != t) || (name != "" && name != n) || (limited && owns(g.Owner, id) != nil) {
			continue
		}
		for _, snap := range g.Snapshots {
			out = append(out, found{id: groupID, g: g, s: snap})
		}
	}
	return out, nil
}

// size is what a snapshot's files say that they hold: the disks and a little.
func (s *snapshot) size() int64 { return s.Image.Size() + configSize + manifestSize }

const (
	configSize   = 420 // of the blob with the VM's configuration, in bytes
	manifestSize = 640
)

// file is a file of a snapshot.
type file struct {
	Name  string `json:"filename"`
	Size  int64  `json:"size"`
	Crypt string `json:"crypt-mode"`
}

func (s *snapshot) files() []file {
	crypt, signed := "none", "none"
	if s.Key != "" {
		crypt, signed = "encrypt", "sign-only"
	}
	var out []file
	for _, name := range slices.Sorted(maps.Keys(s.Image.Disks)) {
		out = append(out, file{Name: "drive-" + name + ".img.fidx", Size: s.Image.Disks[name].Size, Crypt: crypt})
	}
	return append(out,
		file{Name: "qemu-server.conf.blob", Size: configSize, Crypt: crypt},
		file{Name: "index.json.blob", Size: manifestSize, Crypt: signed},
		file{Name: "client.log.blob", Size: 0, Crypt: crypt})
}

func (f found) show() map[string]any {
	kind, name, _ := strings.Cut(f.id, "/")
	out := map[string]any{
		"backup-type": kind, "backup-id": name, "backup-time": f.s.Time, "size": f.s.size(), "owner": string(f.g.Owner),
		"protected": f.s.Protected, "files": f.s.files(),
	}
	if f.s.Notes != "" {
		out["comment"], _, _ = strings.Cut(f.s.Notes, "\n")
	}
	if f.s.Key != "" {
		out["fingerprint"] = f.s.Key
	}
	if f.s.Verified != nil {
		out["verification"] = f.s.Verified
	}
	return out
}

func listSnapshots(c *call) (any, error) {
	all, err := c.server.list(c.auth, c.p.Str("store"), c.p.Str("ns"), c.p.Str("backup-type"), c.p.Str("backup-id"))
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, f := range all {
		out = append(out, f.show())
	}
	return out, nil
}

func listGroups(c *call) (any, error) {
	all, err := c.server.list(c.auth, c.p.Str("store"), c.p.Str("ns"), "", "")
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for i, f := range all {
		if i+1 < len(all) && all[i+1].id == f.id {
			continue // only the last of each group
		}
		kind, name, _ := strings.Cut(f.id, "/")
		files := []string{}
		for _, x := range f.s.files() {
			files = append(files, x.Name)
		}
		entry := map[string]any{
			"backup-type": kind, "backup-id": name, "last-backup": f.s.Time, "backup-count": len(f.g.Snapshots),
			"owner": string(f.g.Owner), "files": files,
		}
		if f.g.Notes != "" {
			entry["comment"], _, _ = strings.Cut(f.g.Notes, "\n")
		}
		out = append(out, entry)
	}
	return out, nil
}

// groupID is the group that a call names.
func (c *call) groupID() string { return c.p.Str("backup-type") + "/" + c.p.Str("backup-id") }

// reach finds the group that a call names.
func (c *call) reach(access [2][]string) (*datastore, *group, error) {
	return c.server.reach(c.auth, c.p.Str("store"), c.p.Str("ns"), c.groupID(), access[0], access[1])
}

// snapshot finds the snapshot that a call names.
func (c *call) snapshot(access [2][]string) (*datastore, *snapshot, error) {
	d, g, err := c.reach(access)
	if err != nil {
		return nil, nil, err
	}
	s, err := g.snapshot(c.groupID(), c.p.Int("backup-time"))
	return d, s, err
}

func deleteGroup(c *call) (any, error) {
	d, _, err := c.reach(toDelete)
	if err != nil {
		return nil, err
	}
	removed, protected := d.removeGroup(c.p.Str("ns"), c.groupID())
	if protected > 0 && c.p.BoolOr("error-on-protected", true) {
		return nil, failf("group only partially deleted due to protected snapshots")
	}
	groups := 1
	if protected > 0 {
		groups = 0
	}
	return map[string]any{"removed-groups": groups, "removed-snapshots": removed, "protected-snapshots": protected}, nil
}

func deleteSnapshot(c *call) (any, error) {
	d, _, err := c.snapshot(toDelete)
	if err != nil {
		return nil, err
	}
	return nil, d.remove(c.p.Str("ns"), c.groupID(), c.p.Int("backup-time"))
}

func listFiles(c *call) (any, error) {
	_, s, err := c.snapshot([2][]string{{"Datastore.Audit", "Datastore.Read"}, {"Datastore.Backup"}})
	if err != nil {
		return nil, err
	}
	return s.files(), nil
}

func readNotes(c *call) (any, error) {
	_, s, err := c.snapshot(toList)
	if err != nil {
		return nil, err
	}
	return s.Notes, nil
}

func writeNotes(c *call) (any, error) {
	_, s, err := c.snapshot(toChange)
	if err != nil {
		return nil, err
	}
	s.Notes = c.p.Str("notes")
	return nil, nil
}

func readGroupNotes(c *call) (any, error) {
	_, g, err := c.reach(toList)
	if err != nil {
		return nil, err
	}
	return g.Notes, nil
}

func writeGroupNotes(c *call) (any, error) {
	_, g, err := c.reach(toChange)
	if err != nil {
		return nil, err
	}
	g.Notes = c.p.Str("notes")
	return nil, nil
}

func readProtected(c *call) (any, error) {
	_, s, err := c.snapshot(toList)
	if err != nil {
		return nil, err
	}
	return s.Protected, nil
}

func writeProtected(c *call) (any, error) {
	_, s, err := c.snapshot(toChange)
	if err != nil {
		return nil, err
	}
	s.Protected = c.p.Bool("protected")
	return nil, nil
}

// changeOwner lets a user pass groups between itself and its own tokens; others need
// Datastore.Modify.
func changeOwner(c *call) (any, error) {
	limited, err := c.server.spaceRights(c.auth, c.p.Str("store"), c.p.Str("ns"), toChange[0], toChange[1])
	if err != nil {
		return nil, err
	}
	d, err := c.server.store(c.p.Str("store"))
	if err != nil {
		return nil, err
	}
	g, err := d.group(c.p.Str("ns"), c.groupID())
	if err != nil {
		return nil, err
	}
	owner := authID(c.p.Str("new-owner"))
	if limited {
		mine := func(id authID) bool { return id == c.auth || (id.isToken() && id.user() == c.auth) }
		if !mine(g.Owner) || !mine(owner) || (!g.Owner.isToken() && !owner.isToken()) {
			return nil, &failure{Status: 401, Text: "cannot change owner from '" + string(g.Owner) + "' to '" + string(owner) + "'"}
		}
	}
	if !c.server.state.Access.active(owner, c.now) {
		return nil, failf("%s '%s' is inactive or non-existent", map[bool]string{true: "token", false: "user"}[owner.isToken()], owner)
	}
	g.Owner = owner
	return nil, nil
}
