package pve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

var (
	_ = handle("GET /pools", listPools)
	_ = handle("POST /pools", createPool)
	_ = handle("PUT /pools", updatePool)
	_ = handle("DELETE /pools", deletePool)
	_ = handle("GET /pools/{poolid}", readPool)
	_ = handle("PUT /pools/{poolid}", updatePool)
	_ = handle("DELETE /pools/{poolid}", deletePool)
)

func (b *Box) pool(name string) (*pool, error) {
	p := b.machine.Pools[name]
	if p == nil {
		return nil, failf("pool '%s' does not exist", name)
	}
	return p, nil
}

// addToPool moves a VM into a pool; a VM is in one pool at most.
func (b *Box) addToPool(name string, vmid int) {
	for _, p := range b.machine.Pools {
		p.VMs = slices.DeleteFunc(p.VMs, func(id int) bool { return id == vmid })
	}
	if p := b.machine.Pools[name]; p != nil {
		p.VMs = append(p.VMs, vmid)
		slices.Sort(p.VMs)
	}
}

// poolOf is the pool that a VM is in, empty for none.
func (b *Box) poolOf(vmid int) string {
	for name, p := range b.machine.Pools {
		if slices.Contains(p.VMs, vmid) {
			return name
		}
	}
	return ""
}

func listPools(c *call) (any, error) {
	if name := c.p.Str("poolid"); name != "" { // the real one looks at Pool.Audit and ignores what it sees
		p, err := c.box.pool(name)
		if err != nil {
			return nil, err
		}
		out := c.poolAnswer(p)
		out["poolid"] = name
		return []any{out}, nil
	}
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(c.box.machine.Pools)) {
		if c.can("/pool/"+name, "Pool.Audit") {
			out := map[string]any{"poolid": name}
			if comment := c.box.machine.Pools[name].Comment; comment != "" {
				out["comment"] = comment
			}
			list = append(list, out)
		}
	}
	return list, nil
}

func readPool(c *call) (any, error) {
	p, err := c.box.pool(c.p.Str("poolid"))
	if err != nil {
		return nil, err
	}
	return c.poolAnswer(p), nil
}

// poolAnswer is a pool with its members.
func (c *call) poolAnswer(p *pool) map[string]any {
	members := []any{}
	kind := c.p.Str("type")
	for _, id := range p.VMs {
		if v := c.box.machine.VMs[id]; v != nil && (kind == "" || kind == "qemu") {
			entry := c.box.vmStatus(v, c.now, false)
			entry["id"], entry["type"], entry["node"], entry["template"] = fmt.Sprintf("qemu/%d", id), "qemu", c.box.name, 0
			entry["maxcpu"] = entry["cpus"]
			delete(entry, "cpus")
			delete(entry, "pid")
			delete(entry, "serial")
			members = append(members, entry)
		}
	}
	for _, id := range p.Storages {
		if s := c.box.machine.Storages[id]; s != nil && (kind == "" || kind == "storage") {
			members = append(members, c.box.storageResource(s))
		}
	}
	out := map[string]any{"members": members}
	if p.Comment != "" {
		out["comment"] = p.Comment
	}
	return out
}

func createPool(c *call) (any, error) {
	name := c.p.Str("poolid")
	if c.box.machine.Pools[name] != nil {
		return nil, failf("create pool failed: pool '%s' already exists", name)
	}
	if first := name[0]; first < 'A' || first > 'z' || first > 'Z' && first < 'a' {
		return nil, failf("create pool failed: pool name must start with a letter")
	}
	c.box.machine.Pools[name] = &pool{Comment: c.p.Str("comment")}
	return nil, nil
}

func updatePool(c *call) (any, error) {
	b := c.box
	p, err := b.pool(c.p.Str("poolid"))
	if err != nil {
		return nil, prefixed("update pools failed: ", err)
	}
	remove := c.p.Bool("delete")
	for _, text := range c.p.List("vms") {
		vmid, err := strconv.Atoi(text)
		if err != nil {
			return nil, badParam("vms", "invalid format - value does not look like a valid VM ID")
		}
		if err := c.mayModify(vmPath(vmid)); err != nil {
			return nil, err
		}
		in := slices.Contains(p.VMs, vmid)
		switch {
		case remove && !in:
			return nil, failf("update pools failed: VM %d is not a pool member", vmid)
		case remove:
			p.VMs = slices.DeleteFunc(p.VMs, func(id int) bool { return id == vmid })
		case in:
			return nil, failf("update pools failed: VM %d is already a pool member", vmid)
		default:
			if old := b.poolOf(vmid); old != "" && !c.p.Bool("allow-move") {
				return nil, failf("update pools failed: VM %d belongs already to pool '%s' and 'allow-move' is not set", vmid, old)
			}
			b.addToPool(c.p.Str("poolid"), vmid)
		}
	}
	for _, id := range c.p.List("storage") {
		if err := c.mayModify("/storage/" + id); err != nil {
			return nil, err
		}
		in := slices.Contains(p.Storages, id)
		switch {
		case remove && !in:
			return nil, failf("update pools failed: Storage '%s' is not a pool member", id)
		case remove:
			p.Storages = slices.DeleteFunc(p.Storages, func(s string) bool { return s == id })
		case in:
			return nil, failf("update pools failed: Storage '%s' is already a pool member", id)
		default:
			p.Storages = append(p.Storages, id)
			slices.Sort(p.Storages)
		}
	}
	if c.p.Has("comment") {
		p.Comment = c.p.Str("comment")
	}
	return nil, nil
}

// mayModify: whoever puts a thing into a pool changes the rights on it.
func (c *call) mayModify(path string) error {
	if c.can(path, "Permissions.Modify") {
		return nil
	}
	if len(path) > 9 && path[:9] == "/storage/" {
		return c.requireAny(path, "Datastore.Allocate")
	}
	return c.requireAny(path, "VM.Allocate")
}

func deletePool(c *call) (any, error) {
	name := c.p.Str("poolid")
	p, err := c.box.pool(name)
	if err != nil {
		return nil, prefixed("delete pool failed: ", err)
	}
	switch {
	case len(p.VMs) > 0:
		return nil, failf("delete pool failed: pool '%s' is not empty (contains VM %d)", name, p.VMs[0])
	case len(p.Storages) > 0:
		return nil, failf("delete pool failed: pool '%s' is not empty (contains storage '%s')", name, p.Storages[0])
	}
	delete(c.box.machine.Pools, name)
	c.box.removeObject("/pool/" + name)
	return nil, nil
}
