package pve

import (
	"fmt"
	"time"
)

var (
	_ = handle("GET /version", version)
	_ = handle("GET /nodes", listNodes)
	_ = handle("GET /nodes/{node}", indexNode)
	_ = handle("GET /nodes/{node}/version", version)
	_ = handle("GET /nodes/{node}/status", nodeStatus)
	_ = handle("GET /nodes/{node}/time", nodeTime)
	_ = handle("GET /nodes/{node}/subscription", subscription)
	_ = handle("GET /nodes/{node}/services", services)
	_ = handle("GET /nodes/{node}/apt/update", pendingUpdates)
	_ = handle("GET /nodes/{node}/config", nodeConfig)
	_ = handle("GET /nodes/{node}/rrddata", nodeFigure)
	_ = handle("GET /nodes/{node}/qemu/{vmid}/rrddata", vmFigure)
	_ = handle("GET /nodes/{node}/storage/{storage}/rrddata", storageFigure)
)

// release is the version in its parts: "9.2", "9.2.4" and the package's commit.
func (b *Box) release() (release, full, repo string) {
	switch {
	case b.version >= "9":
		return "9.2", "9.2.4", "5e5ae681198514d4"
	case b.version >= "8":
		return "8.4", "8.4.21", "8d1a3ea3bb6f0d1f"
	}
	return "7.4", "7.4-19", "f98bf8d4"
}

func (b *Box) kernel() string {
	switch {
	case b.version >= "9":
		return "6.17.13-4-pve"
	case b.version >= "8":
		return "6.8.12-20-pve"
	}
	return "5.15.158-2-pve"
}

func version(c *call) (any, error) {
	release, full, repo := c.box.release()
	return map[string]any{"release": release, "version": full, "repoid": repo}, nil
}

// level is the subscription's, empty without one.
func (b *Box) level() string {
	if b.machine.Subscribed {
		return "c"
	}
	return ""
}

// nodeFigures are what lists show of a node's load.
func (b *Box) nodeFigures(c *call) map[string]any {
	mem := int64(1700 << 20)
	for _, v := range b.machine.VMs {
		if v.running() {
			mem += v.memory() / 2
		}
	}
	return map[string]any{
		"cpu": b.load("node", c.now), "maxcpu": b.machine.CPUs, "mem": min(mem, b.machine.Memory), "maxmem": b.machine.Memory,
		"uptime": int64(c.now.Sub(b.machine.Booted).Seconds()),
	}
}

func listNodes(c *call) (any, error) {
	list := []any{}
	for _, node := range c.box.nodes() {
		out := map[string]any{"node": node, "id": "node/" + node, "type": "node", "status": "online", "level": c.box.level()}
		if c.can("/nodes/"+node, "Sys.Audit") {
			for key, value := range c.box.nodeFigures(c) {
				out[key] = value
			}
			root := c.box.fileSystem("/", c.box.machine.Faults.Filled["local"])
			out["disk"], out["maxdisk"], out["ssl_fingerprint"] = root.Used, root.Total, c.box.fingerprint()
		}
		list = append(list, out)
	}
	return list, nil
}

func indexNode(*call) (any, error) {
	return subdirs("name", "apt", "capabilities", "ceph", "certificates", "config", "disks", "dns", "firewall", "hardware", "hosts", "lxc", "network", "qemu",
		"query-url-metadata", "replication", "rrddata", "scan", "sdn", "services", "status", "storage", "subscription", "syslog", "tasks", "time", "version", "vzdump"), nil
}

func nodeStatus(c *call) (any, error) {
	b := c.box
	f := b.nodeFigures(c)
	used, _ := f["mem"].(int64)
	root := b.fileSystem("/", b.machine.Faults.Filled["local"])
	load := fmt.Sprintf("%.2f", b.load("node", c.now)*float64(b.machine.CPUs))
	release, full, repo := b.release()
	sockets := 1
	out := map[string]any{
		"cpu": f["cpu"], "uptime": f["uptime"], "loadavg": []string{load, load, load}, "wait": 0.001, "idle": 0,
		"kversion": "Linux " + b.kernel() + " #1 SMP PREEMPT_DYNAMIC PMX", "pveversion": "pve-manager/" + full + "/" + repo,
		"current-kernel": map[string]any{"sysname": "Linux", "release": b.kernel(), "version": "#1 SMP PREEMPT_DYNAMIC PMX " + release, "machine": "x86_64"},
		"boot-info":      map[string]any{"mode": "efi", "secureboot": 0},
		"cpuinfo": map[string]any{
			"cores": b.machine.CPUs / 2, "cpus": b.machine.CPUs, "sockets": sockets, "model": "Intel(R) Core(TM) i5-6500T CPU @ 2.50GHz",
			"mhz": "2500.000", "hvm": "1", "user_hz": 100, "flags": "fpu vme de pse tsc msr pae mce cx8 vmx ssse3 fma avx2",
		},
		"memory": map[string]any{"total": b.machine.Memory, "used": used, "free": b.machine.Memory - used, "available": b.machine.Memory - used},
		"swap":   map[string]any{"total": int64(8 << 30), "used": 0, "free": int64(8 << 30)},
		"rootfs": map[string]any{"total": root.Total, "used": root.Used, "avail": root.Avail, "free": root.Total - root.Used},
		"ksm":    map[string]any{"shared": 0},
	}
	return out, nil
}

// nodeTime is the box's own clock, right or wrong. localtime are the clock's digits
// read as if they were UTC.
func nodeTime(c *call) (any, error) {
	now := c.box.clock(c.now)
	_, offset := now.In(c.box.zone()).Zone()
	return map[string]any{"timezone": c.box.machine.Zone, "time": now.Unix(), "localtime": now.Unix() + int64(offset)}, nil
}

func subscription(c *call) (any, error) {
	serverid := fmt.Sprintf("%032X", c.box.seedOf("server"))
	if !c.box.machine.Subscribed {
		return map[string]any{"status": "notfound", "message": "There is no subscription key", "serverid": serverid, "url": "https://www.proxmox.com/en/proxmox-virtual-environment/pricing"}, nil
	}
	return map[string]any{
		"status": "active", "level": "c", "productname": "Proxmox VE Community Subscription 1 CPU/year", "key": "pve1c-0000000000", "sockets": 1,
		"serverid": serverid, "checktime": c.box.clock(c.now).Unix() - 3600, "nextduedate": c.box.clock(c.now).AddDate(0, 6, 0).Format(time.DateOnly), "regdate": "2026-01-01 00:00:00",
		"url": "https://www.proxmox.com/en/proxmox-virtual-environment/pricing",
	}, nil
}

// serviceNames are the services that the API knows, with what they are.
var serviceNames = []struct{ name, about string }{
	{"chrony", "chrony, an NTP client/server"}, {"corosync", "Corosync Cluster Engine"}, {"cron", "Regular background program processing daemon"},
	{"ksmtuned", "Kernel Samepage Merging (KSM) Tuning Daemon"}, {"postfix", "Postfix Mail Transport Agent"},
	{"proxmox-firewall", "Proxmox nftables firewall"}, {"pve-cluster", "The Proxmox VE cluster filesystem"}, {"pve-firewall", "Proxmox VE firewall"},
	{"pve-ha-crm", "PVE Cluster HA Resource Manager Daemon"}, {"pve-ha-lrm", "PVE Local HA Resource Manager Daemon"}, {"pvedaemon", "PVE API Daemon"},
	{"pvefw-logger", "Proxmox VE firewall logger"}, {"pveproxy", "PVE API Proxy Server"}, {"pvescheduler", "Proxmox VE scheduler"},
	{"pvestatd", "PVE Status Daemon"}, {"spiceproxy", "PVE SPICE Proxy Server"}, {"sshd", "OpenBSD Secure Shell server"},
	{"syslog", "System Logging Service"}, {"systemd-journald", "Journal Service"}, {"systemd-timesyncd", "Network Time Synchronization"},
}

func services(c *call) (any, error) {
	list := []any{}
	for _, s := range serviceNames {
		state, active, unit := "running", "active", "enabled"
		switch {
		case s.name == "corosync" && len(c.box.machine.OtherNodes) == 0:
			state, active = "dead", "inactive"
		case s.name == "syslog" || s.name == "systemd-timesyncd":
			state, active, unit = "dead", "inactive", "not-found"
		}
		list = append(list, map[string]any{"service": s.name, "name": s.name, "desc": s.about, "state": state, "active-state": active, "unit-state": unit})
	}
	return list, nil
}

func pendingUpdates(c *call) (any, error) {
	list := []any{}
	for n := range c.box.machine.Updates {
		list = append(list, map[string]any{
			"Package": fmt.Sprintf("pve-example-%d", n+1), "Title": "An update of the simulated box", "Description": "An update of the simulated box.",
			"Version": "1.2-2", "OldVersion": "1.2-1", "Origin": "Proxmox", "Arch": "amd64", "Section": "admin", "Priority": "optional",
		})
	}
	return list, nil
}

func nodeConfig(*call) (any, error) {
	return map[string]any{"digest": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}, nil
}

// frame is how far back a time frame goes, and its step, in seconds.
func frame(name string) (step, count int64) {
	switch name {
	case "day":
		return 1800, 70
	case "week":
		return 10800, 70
	case "month":
		return 43200, 70
	case "year", "decade":
		return 604800, 70
	}
	return 60, 70
}

// figures are the rows of a graph, newest last; a row before the box was there has
// only its time.
func (c *call) figures(row func(at time.Time) map[string]any) []any {
	step, count := frame(c.p.Str("timeframe"))
	end := c.now.Unix() / step * step
	list := make([]any, 0, count)
	for n := count - 1; n >= 0; n-- {
		at := time.Unix(end-n*step, 0).UTC()
		out := map[string]any{"time": at.Unix()}
		if !at.Before(c.box.machine.Booted) {
			for key, value := range row(at) {
				out[key] = value
			}
		}
		list = append(list, out)
	}
	return list
}

func nodeFigure(c *call) (any, error) {
	b := c.box
	f := b.nodeFigures(c)
	root := b.fileSystem("/", 0)
	return c.figures(func(at time.Time) map[string]any {
		load := b.load("node", at)
		out := map[string]any{
			"cpu": load, "maxcpu": f["maxcpu"], "memused": f["mem"], "memtotal": f["maxmem"], "loadavg": load * float64(b.machine.CPUs), "iowait": load / 20,
			"netin": 21_000 * load, "netout": 8_000 * load, "roottotal": root.Total, "rootused": root.Used, "swaptotal": int64(8 << 30), "swapused": 0,
		}
		if b.version >= "9" {
			out["memavailable"] = b.machine.Memory / 2
		}
		return out
	}), nil
}

func vmFigure(c *call) (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	return c.figures(func(at time.Time) map[string]any {
		if !v.running() || at.Before(v.Started) {
			return map[string]any{"maxcpu": v.cores(), "maxmem": v.memory()}
		}
		load := c.box.load(v.id(), at)
		return map[string]any{
			"cpu": load, "maxcpu": v.cores(), "mem": float64(v.memory()) * (0.35 + load), "maxmem": v.memory(), "disk": 0, "maxdisk": v.memory(),
			"netin": 21_000 * load, "netout": 8_300 * load, "diskread": 4_100 * load, "diskwrite": 6_900 * load,
		}
	}), nil
}

func storageFigure(c *call) (any, error) {
	s, err := c.box.storageConfig(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	status := c.box.storageStatus(s)
	return c.figures(func(time.Time) map[string]any {
		return map[string]any{"total": status["total"], "used": status["used"]}
	}), nil
}
