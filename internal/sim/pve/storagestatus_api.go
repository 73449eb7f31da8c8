package pve

import (
	"slices"
	"strings"
)

var (
	_ = handle("GET /nodes/{node}/storage", nodeStorages)
	_ = handle("GET /nodes/{node}/storage/{storage}", nodeStorageIndex)
	_ = handle("GET /nodes/{node}/storage/{storage}/status", nodeStorageStatus)
)

// storageStatus is what a storage offers now; one that is down is there, inactive.
func (b *Box) storageStatus(s *storage) map[string]any {
	enabled := !s.disabled() && s.onNode(b.name)
	out := map[string]any{
		"type": s.Type, "content": strings.Join(s.contents(), ","), "shared": bit(s.Type == "pbs" || s.Options["shared"] == "1"),
		"enabled": bit(enabled), "active": 0, "total": int64(0), "used": int64(0), "avail": int64(0),
	}
	if !enabled || b.activate(s) != nil {
		return out
	}
	r, err := b.space(s)
	if err != nil {
		return out
	}
	out["active"], out["total"], out["used"], out["avail"] = 1, r.Total, r.Used, r.Avail
	return out
}

// bit is a boolean as the API writes it.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func nodeStorages(c *call) (any, error) {
	b, only := c.box, c.p.Str("storage")
	if only != "" && b.machine.Storages[only] == nil {
		return nil, badParam("storage", "No such storage.")
	}
	wanted := c.p.List("content")
	list := []any{}
	for _, id := range b.storageIDs() {
		s := b.machine.Storages[id]
		if only != "" && only != id || !c.can("/storage/"+id, "Datastore.Audit") && !c.can("/storage/"+id, "Datastore.AllocateSpace") {
			continue
		}
		usable := !s.disabled() && s.onNode(b.name)
		if c.p.Has("content") && (!usable || !slices.ContainsFunc(wanted, s.holds)) || c.p.Bool("enabled") && s.disabled() {
			continue
		}
		if target := c.p.Str("target"); target != "" && target != b.name && target != "localhost" {
			continue // no storage but a backup server's is shared, and there is no other node to reach it from
		}
		out := b.storageStatus(s)
		out["storage"] = id
		if total, _ := out["total"].(int64); total > 0 {
			used, _ := out["used"].(int64)
			out["used_fraction"] = float64(used) / float64(total)
		}
		if c.p.Bool("format") {
			out["format"], out["formats"] = storageFormats(s)
		}
		list = append(list, out)
	}
	return list, nil
}

// storageFormats are the disk formats of a storage, in the old and the new form.
func storageFormats(s *storage) (old []any, formats map[string]any) {
	supported := []string{"raw"}
	if s.Type == "dir" {
		supported = []string{"qcow2", "raw", "subvol", "vmdk"}
	}
	set := map[string]any{}
	for _, f := range supported {
		set[f] = 1
	}
	return []any{set, "raw"}, map[string]any{"supported": supported, "default": "raw"}
}

func nodeStorageIndex(c *call) (any, error) {
	if _, err := c.box.storageConfig(c.p.Str("storage")); err != nil {
		return nil, err
	}
	subs := []string{"content", "download-url", "file-restore", "import-metadata", "prunebackups", "rrd", "rrddata", "status", "upload"}
	return subdirs("subdir", subs...), nil
}

// subdirs is an index of the API's tree.
func subdirs(key string, names ...string) []any {
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = map[string]any{key: name}
	}
	return list
}

func nodeStorageStatus(c *call) (any, error) {
	s := c.box.machine.Storages[c.p.Str("storage")]
	if s == nil {
		return nil, badParam("storage", "No such storage.")
	}
	return c.box.storageStatus(s), nil
}
