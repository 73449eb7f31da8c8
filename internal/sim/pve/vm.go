package pve

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/guest"
)

// vm is one virtual machine: its configuration file and, while it runs, its process.
type vm struct {
	ID     int               `json:"id"`
	Config map[string]string `json:"config"`
	// Pending are changes that wait for the next start; Deletes are keys that will
	// go then.
	Pending map[string]string `json:"pending,omitempty"`
	Deletes []string          `json:"deletes,omitempty"`
	// Forced are those of Deletes whose disks go with them.
	Forced    map[string]bool        `json:"forced,omitempty"`
	Snapshots map[string]*vmSnapshot `json:"snapshots,omitempty"`
	Parent    string                 `json:"parent,omitempty"` // snapshot that the present builds on
	// Lock is the configuration's own lock: backup, create, snapshot, ….
	Lock string `json:"lock,omitempty"`
	// Holder is the task that holds the lock on the configuration file itself.
	Holder string `json:"holder,omitempty"`

	// Started is when the QEMU process began; zero: the VM is stopped.
	Started time.Time `json:"started,omitzero"`
	PID     int64     `json:"pid,omitempty"`
	Paused  bool      `json:"paused,omitempty"`
	// Prelaunch is a process that was started for a backup only: no guest runs.
	Prelaunch bool `json:"prelaunch,omitempty"`
	// Guest is what runs inside; BootVolume is the disk that it runs from.
	Guest      *guest.Guest `json:"guest,omitempty"`
	BootVolume string       `json:"boot_volume,omitempty"`
	// UsedTo is up to when the guest's daily use has been written to the disks, and
	// Flushed how much of the guest's own writing.
	UsedTo  time.Time `json:"used_to,omitzero"`
	Flushed int64     `json:"flushed,omitempty"`
	// Bitmaps are the dirty bitmaps of the running process, by drive.
	Bitmaps map[string]*bitmap `json:"bitmaps,omitempty"`
	// Rebooting says that the machine is to start again when it is off.
	Rebooting bool `json:"rebooting,omitempty"`
	// NoAgent is an injected fault: the agent never comes.
	NoAgent bool `json:"no_agent,omitempty"`
}

// vmSnapshot is a configuration as it was; the disks' contents are in the volumes.
type vmSnapshot struct {
	Config      map[string]string `json:"config"`
	Description string            `json:"description,omitempty"`
	Made        time.Time         `json:"made"`
	Parent      string            `json:"parent,omitempty"`
	// Memory is the running guest, when RAM was saved.
	Memory json.RawMessage `json:"memory,omitempty"`
	// State is the volume that holds the RAM.
	State string `json:"state,omitempty"`
}

func (v *vm) running() bool { return !v.Started.IsZero() }

// live tells whether a guest runs, not just a process for a backup.
func (v *vm) live() bool { return v.running() && !v.Prelaunch && v.Guest != nil }

// vm looks a VM up in the words of the configuration file.
func (b *Box) vm(id int) (*vm, error) {
	v := b.machine.VMs[id]
	if v == nil {
		return nil, failf("Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist", b.name, id)
	}
	return v, nil
}

// vmParam is the VM that a call's path names.
func (c *call) vm() (*vm, error) { return c.box.vm(int(c.p.Int("vmid"))) }

// vmids are the VMs' numbers in order.
func (b *Box) vmids() []int { return slices.Sorted(maps.Keys(b.machine.VMs)) }

// unlocked refuses while the configuration is locked.
func (v *vm) unlocked() error {
	if v.Lock != "" {
		return failf("VM is locked (%s)", v.Lock)
	}
	return nil
}

// unprotected refuses to remove what a protected VM has; what says what was tried.
func (v *vm) unprotected(what string) error {
	if v.Config["protection"] == "1" {
		return failf("%s - protection mode enabled", what)
	}
	return nil
}

// digest is the checksum of the configuration file.
func (v *vm) digest() string {
	h := sha1.New()
	write := func(section string, config map[string]string) {
		fmt.Fprintf(h, "[%s]\n", section)
		for _, k := range slices.Sorted(maps.Keys(config)) {
			fmt.Fprintf(h, "%s: %s\n", k, config[k])
		}
	}
	write("", v.Config)
	write("PENDING", v.Pending)
	fmt.Fprintln(h, v.Deletes, v.Parent, v.Lock)
	for _, name := range slices.Sorted(maps.Keys(v.Snapshots)) {
		write(name, v.Snapshots[name].Config)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// memory is the VM's RAM in bytes.
func (v *vm) memory() int64 {
	text := v.Config["memory"]
	text = strings.TrimPrefix(text, "current=")
	if mib, err := strconv.ParseInt(text, 10, 64); err == nil && mib > 0 {
		return mib << 20
	}
	return 512 << 20
}

// cores are the VM's virtual CPUs.
func (v *vm) cores() int {
	count := func(key string) int { return max(1, atoi(v.Config[key])) }
	n := count("sockets") * count("cores")
	if vcpus := atoi(v.Config["vcpus"]); vcpus > 0 {
		return vcpus
	}
	return n
}

// agentEnabled tells whether the machine has the agent's channel.
func (v *vm) agentEnabled() bool {
	return parseProps(v.Config["agent"], "enabled").truth("enabled")
}

// integerKeys are the configuration keys that the API gives as numbers.
var integerKeys = map[string]bool{
	"acpi": true, "allow-ksm": true, "autostart": true, "balloon": true, "ciupgrade": true, "cores": true, "cpulimit": true,
	"cpuunits": true, "freeze": true, "keephugepages": true, "kvm": true, "localtime": true, "migrate_downtime": true,
	"migrate_speed": true, "numa": true, "onboot": true, "protection": true, "reboot": true, "shares": true, "smp": true,
	"snaptime": true, "sockets": true, "tablet": true, "tdf": true, "template": true, "vcpus": true,
}

// typed is a configuration value as the API gives it.
func typed(key, value string) any {
	if integerKeys[key] {
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return f
		}
	}
	return value
}

// agentUp tells whether a VM's guest agent answers.
func (v *vm) agentUp() bool {
	return v.live() && !v.Paused && !v.NoAgent && v.agentEnabled() && v.Guest.AgentUp()
}

// status is running or stopped, and what QEMU says.
func (v *vm) status() (status, qmp string) {
	switch {
	case !v.running():
		return "stopped", "stopped"
	case v.Prelaunch:
		return "running", "prelaunch"
	case v.Paused:
		return "running", "paused"
	}
	return "running", "running"
}

// vmid as tasks name it.
func (v *vm) id() string { return fmt.Sprint(v.ID) }
