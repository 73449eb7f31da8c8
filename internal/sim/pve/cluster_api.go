package pve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

var (
	_ = handle("GET /cluster", func(*call) (any, error) {
		return subdirs("name", "acme", "backup", "backup-info", "ceph", "config", "firewall", "ha", "jobs", "log", "mapping", "metrics", "nextid", "notifications", "options", "replication", "resources", "sdn", "status", "tasks"), nil
	})
	_ = handle("GET /cluster/status", clusterStatus)
	_ = handle("GET /cluster/resources", clusterResources)
	_ = handle("GET /cluster/nextid", nextID)
	_ = handle("GET /cluster/options", clusterOptions)
	_ = handle("GET /cluster/ha/resources", emptyList)
	_ = handle("GET /cluster/sdn/zones", emptyList)
	_ = handle("GET /cluster/sdn/vnets", emptyList)
	_ = handle("GET /cluster/sdn/fabrics/fabric", emptyList)
)

// emptyList: a box of ours has nothing of this.
func emptyList(*call) (any, error) { return []any{}, nil }

// nodes are the names of the cluster's nodes, the box's own first.
func (b *Box) nodes() []string { return append([]string{b.name}, b.machine.OtherNodes...) }

// address is the node's address in the office's network.
func (b *Box) address(node string) string {
	return fmt.Sprintf("192.168.1.%d", 10+slices.Index(b.nodes(), node))
}

func clusterStatus(c *call) (any, error) {
	list := []any{}
	nodes := c.box.nodes()
	if len(nodes) > 1 {
		list = append(list, map[string]any{"type": "cluster", "id": "cluster", "name": "cluster", "version": len(nodes), "nodes": len(nodes), "quorate": 1})
	}
	for i, node := range nodes {
		id := i + 1
		if len(nodes) == 1 {
			id = 0
		}
		list = append(list, map[string]any{
			"type": "node", "id": "node/" + node, "name": node, "ip": c.box.address(node), "local": bit(i == 0), "nodeid": id, "online": 1, "level": "",
		})
	}
	return list, nil
}

func clusterResources(c *call) (any, error) {
	b, kind := c.box, c.p.Str("type")
	list := []any{}
	wanted := func(k string) bool { return kind == "" || kind == k }
	if kind == "" {
		for _, name := range slices.Sorted(maps.Keys(b.machine.Pools)) {
			if c.can("/pool/"+name, "Pool.Audit") {
				list = append(list, map[string]any{"id": "/pool/" + name, "pool": name, "type": "pool"})
			}
		}
	}
	if wanted("vm") {
		for _, id := range b.vmids() {
			if c.can(vmPath(id), "VM.Audit") {
				list = append(list, c.vmResource(b.machine.VMs[id]))
			}
		}
	}
	if wanted("node") {
		for _, node := range b.nodes() {
			list = append(list, b.nodeResource(node, c))
		}
	}
	if wanted("storage") {
		for _, id := range b.storageIDs() {
			if c.can("/storage/"+id, "Datastore.Audit") || c.can("/storage/"+id, "Datastore.AllocateSpace") {
				list = append(list, b.storageResource(b.machine.Storages[id]))
			}
		}
	}
	if wanted("sdn") && c.can("/sdn/zones/localnetwork", "SDN.Audit") {
		if b.version >= "9" {
			list = append(list, map[string]any{
				"id": "network/" + b.name + "/zone/localnetwork", "node": b.name, "type": "network", "network-type": "zone", "network": "localnetwork", "status": "ok",
			})
		} else {
			list = append(list, map[string]any{"id": "sdn/" + b.name + "/localnetwork", "node": b.name, "type": "sdn", "sdn": "localnetwork", "status": "ok"})
		}
	}
	return list, nil
}

func (c *call) vmResource(v *vm) map[string]any {
	s := c.box.vmStatus(v, c.now, false)
	out := map[string]any{
		"id": "qemu/" + v.id(), "type": "qemu", "vmid": v.ID, "node": c.box.name, "template": 0, "maxcpu": s["cpus"], "name": s["name"], "status": s["status"],
	}
	for _, key := range []string{"cpu", "mem", "memhost", "maxmem", "disk", "maxdisk", "uptime", "netin", "netout", "diskread", "diskwrite", "lock", "tags"} {
		if value, ok := s[key]; ok {
			out[key] = value
		}
	}
	if pool := c.box.poolOf(v.ID); pool != "" && c.can("/pool/"+pool, "Pool.Audit") {
		out["pool"] = pool
	}
	return out
}

func (b *Box) nodeResource(node string, c *call) map[string]any {
	out := map[string]any{"id": "node/" + node, "node": node, "type": "node", "status": "online", "level": b.level()}
	if !c.can("/nodes/"+node, "Sys.Audit") {
		return out
	}
	for key, value := range b.nodeFigures(c) {
		out[key] = value
	}
	root := b.fileSystem("/", b.machine.Faults.Filled["local"])
	out["disk"], out["maxdisk"], out["cgroup-mode"], out["hastate"] = root.Used, root.Total, 2, "online"
	return out
}

func (b *Box) storageResource(s *storage) map[string]any {
	out := map[string]any{
		"id": "storage/" + b.name + "/" + s.ID, "node": b.name, "type": "storage", "storage": s.ID, "plugintype": s.Type,
		"content": s.Options["content"], "shared": bit(s.Type == "pbs" || s.Options["shared"] == "1"), "status": "unknown",
	}
	status := b.storageStatus(s)
	if status["active"] == 1 {
		out["status"], out["disk"], out["maxdisk"] = "available", status["used"], status["total"]
	}
	return out
}

// nextID is the first free VMID from 100 on, or the one that was asked for.
func nextID(c *call) (any, error) {
	if c.p.Has("vmid") {
		if c.box.machine.VMs[int(c.p.Int("vmid"))] != nil {
			return nil, badParam("vmid", fmt.Sprintf("VM %d already exists", c.p.Int("vmid")))
		}
		return c.p.Str("vmid"), nil
	}
	for id := 100; ; id++ {
		if c.box.machine.VMs[id] == nil {
			return strconv.Itoa(id), nil
		}
	}
}

func clusterOptions(*call) (any, error) {
	return map[string]any{"keyboard": "fr", "mac_prefix": "BC:24:11"}, nil
}
