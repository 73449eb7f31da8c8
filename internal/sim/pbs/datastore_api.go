package pbs

import (
	"maps"
	"slices"
	"strings"
)

var (
	_ = handle("GET /admin/datastore", listDatastores)
	_ = handle("GET /admin/datastore/{store}", func(*call) (any, error) {
		return subdirs("active-operations", "catalog", "change-owner", "download", "download-decoded", "files", "gc", "group-notes", "groups",
			"mount", "namespace", "notes", "protected", "prune", "prune-datastore", "pxar-file-download", "rrd", "snapshots", "status",
			"unmount", "upload-backup-log", "verify"), nil
	})
	_ = handle("GET /admin/datastore/{store}/status", datastoreStatus)
	_ = handle("GET /status/datastore-usage", datastoreUsage)
	_ = handle("GET /admin/datastore/{store}/namespace", listNamespaces)
	_ = handle("POST /admin/datastore/{store}/namespace", createNamespace)
	_ = handle("DELETE /admin/datastore/{store}/namespace", deleteNamespace)
	_ = handle("GET /config/datastore", listDatastoreConfig)
	_ = handle("GET /config/datastore/{name}", readDatastoreConfig)
)

// visible tells whether a user may know of a datastore.
func (s *Server) visible(id authID, store string) bool {
	a := &s.state.Access
	path := spacePath(store, "")
	return a.holdsAny(id, path, []string{"Datastore.Audit", "Datastore.Backup"}) || a.anyBelow(id, path, spacePrivs)
}

func listDatastores(c *call) (any, error) {
	out := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(c.server.state.Datastores)) {
		if !c.server.visible(c.auth, name) {
			continue
		}
		entry := map[string]any{"store": name, "mount-status": "nonremovable", "backend-type": "filesystem"}
		comment := c.server.state.Datastores[name].Comment
		if comment != "" && c.server.state.Access.holdsAny(c.auth, spacePath(name, ""), []string{"Datastore.Audit", "Datastore.Backup"}) {
			entry["comment"] = comment
		}
		out = append(out, entry)
	}
	return out, nil
}

// statusRights tells whether a user sees a datastore's room; it is refused where it
// may not even know that the datastore is there.
func (s *Server) statusRights(id authID, store string) (full bool, err error) {
	a := &s.state.Access
	path := spacePath(store, "")
	switch {
	case a.holdsAny(id, path, []string{"Datastore.Audit", "Datastore.Backup"}):
		return true, nil
	case a.holdsAny(id, path, []string{"Datastore.Read"}), a.anyBelow(id, path, spacePrivs):
		return false, nil
	}
	return false, denied("permission check failed")
}

func datastoreStatus(c *call) (any, error) {
	name := c.p.Str("store")
	full, err := c.server.statusRights(c.auth, name)
	if err != nil {
		return nil, err
	}
	d, err := c.server.store(name)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"total": 0, "used": 0, "avail": 0, "backend-type": "filesystem"}
	if full {
		used := d.used()
		out["total"], out["used"], out["avail"] = d.Size, used, max(d.Size-used, 0)
	}
	if c.p.Bool("verbose") {
		out["counts"] = c.server.counts(c.auth, name, d)
		if full {
			out["gc-status"] = d.gc()
		}
	}
	return out, nil
}

// counts are the groups and snapshots that a user sees, by type.
func (s *Server) counts(id authID, store string, d *datastore) map[string]any {
	out := map[string]any{}
	for ns, sp := range d.Spaces {
		all := s.state.Access.holdsAny(id, spacePath(store, ns), []string{"Datastore.Audit", "Datastore.Read"})
		for name, g := range sp.Groups {
			if !all && owns(g.Owner, id) != nil {
				continue
			}
			kind, _, _ := strings.Cut(name, "/")
			n, ok := out[kind].(map[string]int)
			if !ok {
				n = map[string]int{"groups": 0, "snapshots": 0}
				out[kind] = n
			}
			n["groups"]++
			n["snapshots"] += len(g.Snapshots)
		}
	}
	return out
}

func datastoreUsage(c *call) (any, error) {
	out := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(c.server.state.Datastores)) {
		if !c.server.visible(c.auth, name) {
			continue
		}
		entry := map[string]any{"store": name, "mount-status": "nonremovable", "backend-type": "filesystem"}
		if full, err := c.server.statusRights(c.auth, name); err == nil && full {
			d := c.server.state.Datastores[name]
			used := d.used()
			entry["total"], entry["used"], entry["avail"] = d.Size, used, max(d.Size-used, 0)
			entry["gc-status"] = d.gc()
		}
		out = append(out, entry)
	}
	return out, nil
}

// maxDepth is how deep namespaces may lie.
const maxDepth = 7

func listNamespaces(c *call) (any, error) {
	store, parent := c.p.Str("store"), c.p.Str("parent")
	a := &c.server.state.Access
	mayParent := a.holdsAny(c.auth, spacePath(store, parent), spacePrivs)
	d, err := c.server.store(store)
	if err != nil {
		return nil, err
	}
	if d.Spaces[parent] == nil && !mayParent {
		return nil, denied("permission check failed")
	}
	if _, err := d.space(parent); err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, ns := range d.spacesBelow(parent, int(c.p.IntOr("max-depth", maxDepth))) {
		if a.holdsAny(c.auth, spacePath(store, ns), spacePrivs) {
			out = append(out, map[string]any{"ns": ns})
		}
	}
	if len(out) == 0 && !mayParent {
		return nil, denied("permission check failed")
	}
	return out, nil
}

// parentOf is the namespace above.
func parentOf(ns string) string {
	i := strings.LastIndexByte(ns, '/')
	return ns[:max(i, 0)]
}

// mayChange wants Datastore.Modify on the namespace above.
func (c *call) mayChange(store, ns string) error {
	if ns == "" {
		return failf("Cannot create/delete root namespace!")
	}
	_, err := c.server.spaceRights(c.auth, store, parentOf(ns), []string{"Datastore.Modify"}, nil)
	return err
}

func createNamespace(c *call) (any, error) {
	store, parent, name := c.p.Str("store"), c.p.Str("parent"), c.p.Str("name")
	ns := strings.Trim(parent+"/"+name, "/")
	if levels(ns) > maxDepth {
		return nil, failf("namespace to deep, %d >= max %d", levels(ns), maxDepth)
	}
	if err := c.mayChange(store, ns); err != nil {
		return nil, err
	}
	d, err := c.server.store(store)
	if err != nil {
		return nil, err
	}
	if d.Spaces[parent] == nil {
		return nil, failf("cannot create new namespace, parent %s doesn't already exists", parent)
	}
	if d.Spaces[ns] != nil {
		return nil, failf("namespace '%s' already exists", ns)
	}
	d.Spaces[ns] = newSpace()
	return ns, nil
}

func deleteNamespace(c *call) (any, error) {
	store, ns := c.p.Str("store"), c.p.Str("ns")
	if err := c.mayChange(store, ns); err != nil {
		return nil, err
	}
	d, err := c.server.store(store)
	if err != nil {
		return nil, err
	}
	if _, err := d.space(ns); err != nil {
		return nil, err
	}
	spaces := d.spacesBelow(ns, maxDepth)
	slices.Reverse(spaces) // the deepest first
	partly := false
	for _, name := range spaces {
		if c.p.Bool("delete-groups") {
			d.removeGroups(name)
		}
		if len(d.Spaces[name].Groups) > 0 || d.hasChildren(name) {
			partly = true
			continue
		}
		delete(d.Spaces, name)
	}
	switch {
	case !partly:
		return nil, nil
	case c.p.Bool("delete-groups"):
		if c.p.BoolOr("error-on-protected", true) {
			return nil, failf("group only partially deleted due to protected snapshots")
		}
		return nil, nil
	}
	return nil, failf("only partially deleted due to existing groups but `delete-groups` not true")
}

func (d *datastore) hasChildren(ns string) bool {
	for name := range d.Spaces {
		if strings.HasPrefix(name, ns+"/") {
			return true
		}
	}
	return false
}

// removeGroups forgets all snapshots of a namespace that are not protected.
func (d *datastore) removeGroups(ns string) {
	for id := range d.Spaces[ns].Groups {
		d.removeGroup(ns, id)
	}
}

// removeGroup forgets the snapshots of a group that are not protected, and counts.
func (d *datastore) removeGroup(ns, id string) (removed, protected int) {
	g := d.Spaces[ns].Groups[id]
	for _, s := range slices.Clone(g.Snapshots) {
		if d.remove(ns, id, s.Time) == nil {
			removed++
		} else {
			protected++
		}
	}
	return removed, protected
}

func (d *datastore) config(name string) map[string]any {
	out := map[string]any{"name": name, "path": d.Path + "/" + name}
	if d.Comment != "" {
		out["comment"] = d.Comment
	}
	return out
}

func listDatastoreConfig(c *call) (any, error) {
	out := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(c.server.state.Datastores)) {
		if c.server.state.Access.holdsAny(c.auth, spacePath(name, ""), []string{"Datastore.Audit"}) {
			out = append(out, c.server.state.Datastores[name].config(name))
		}
	}
	return out, nil
}

func readDatastoreConfig(c *call) (any, error) {
	d, err := c.server.store(c.p.Str("name"))
	if err != nil {
		return nil, err
	}
	return d.config(c.p.Str("name")), nil
}
