package pve

import (
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

var (
	_ = handle("GET /nodes/{node}/qemu", listVMs)
	_ = handle("GET /nodes/{node}/qemu/{vmid}", indexVM)
	_ = handle("GET /nodes/{node}/qemu/{vmid}/status", indexStatus)
	_ = handle("GET /nodes/{node}/qemu/{vmid}/status/current", currentStatus)
	_ = handle("GET /nodes/{node}/lxc", listContainers)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/template", notSimulated)
)

func notSimulated(c *call) (any, error) {
	return nil, &failure{Status: 501, Reason: "Method '" + c.spec.Sig() + "' is not simulated"}
}

func listVMs(c *call) (any, error) {
	list := []any{}
	for _, id := range c.box.vmids() {
		if c.can(vmPath(id), "VM.Audit") {
			list = append(list, c.box.vmStatus(c.box.machine.VMs[id], c.now, c.p.Bool("full")))
		}
	}
	return list, nil
}

// listContainers: a box of ours has none.
func listContainers(*call) (any, error) { return []any{}, nil }

func indexVM(c *call) (any, error) {
	return subdirs("subdir", "agent", "clone", "cloudinit", "config", "dbus-vmstate", "feature", "firewall", "migrate", "monitor", "move_disk",
		"mtunnel", "mtunnelwebsocket", "pending", "remote_migrate", "resize", "rrd", "rrddata", "sendkey", "snapshot", "spiceproxy", "status",
		"template", "termproxy", "unlink", "vncproxy", "vncwebsocket"), nil
}

func indexStatus(c *call) (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	return subdirs("subdir", "current", "start", "stop", "reset", "shutdown", "suspend", "reboot"), nil
}

func currentStatus(c *call) (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	out := c.box.vmStatus(v, c.now, true)
	out["ha"] = map[string]any{"managed": 0}
	if v.agentEnabled() {
		out["agent"] = 1
	}
	return out, nil
}

// load is a figure between 0 and 1 that wanders with the time, the same for the
// same seed.
func (b *Box) load(what string, now time.Time) float64 {
	draw := archive.ContentID(b.seedOf(what), now.Unix()/60)
	return 0.02 + float64(draw%1000)/1000*0.2
}

// vmStatus is one line of the list of VMs, with more in full.
func (b *Box) vmStatus(v *vm, now time.Time, full bool) map[string]any {
	status, qmp := v.status()
	out := map[string]any{
		"vmid": v.ID, "name": v.logName(), "status": status, "cpus": min(v.cores(), b.machine.CPUs), "maxmem": v.memory(),
		"maxdisk": int64(0), "disk": int64(0), "uptime": int64(0), "cpu": 0.0, "mem": int64(0),
		"netin": int64(0), "netout": int64(0), "diskread": int64(0), "diskwrite": int64(0),
	}
	if b.version >= "9" {
		out["memhost"] = int64(0)
	}
	if vol := b.machine.Volumes[parseDrive(v.Config[bootDrive(v.Config)]).file()]; vol != nil {
		out["maxdisk"] = vol.Size
	}
	for key := range v.Config {
		if isNumbered(key, "serial") {
			out["serial"] = 1
		}
	}
	if v.Lock != "" {
		out["lock"] = v.Lock
	}
	if tags, ok := v.Config["tags"]; ok {
		out["tags"] = tags
	}
	if v.running() {
		b.runningStatus(v, now, out, full)
	}
	if full {
		out["qmpstatus"] = qmp
	}
	return out
}

func (b *Box) runningStatus(v *vm, now time.Time, out map[string]any, full bool) {
	load, uptime := b.load(v.id(), now), int64(now.Sub(v.Started).Seconds())
	out["pid"], out["uptime"] = v.PID, uptime
	if !v.Prelaunch {
		mem := int64(float64(v.memory()) * (0.35 + load))
		out["cpu"], out["mem"] = load, mem
		out["netin"], out["netout"] = uptime*21_000, uptime*8_300
		out["diskread"], out["diskwrite"] = 900<<20+uptime*4_100, uptime*6_900
		if v.Guest != nil {
			out["diskwrite"] = uptime*6_900 + v.Guest.Disk().Written
		}
		if b.version >= "9" {
			out["memhost"] = mem + 120<<20
			for _, kind := range []string{"cpu", "io", "memory"} {
				out["pressure"+kind+"some"], out["pressure"+kind+"full"] = 0, 0
			}
		}
	}
	if full {
		out["running-machine"], out["running-qemu"] = "pc-i440fx-"+b.machineVersion()+"+pve0", b.qemuVersion()
		out["freemem"] = v.memory() - v.memory()/3
		out["balloon"] = v.memory()
	}
}

func (b *Box) machineVersion() string {
	if b.version >= "9" {
		return "11.0"
	}
	return "9.2"
}
