package pve

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// machine is everything about a box but its users and rights. It is saved as it is.
type machine struct {
	// Now is the instant up to which the state is true.
	Now time.Time `json:"now"`
	// Booted is when the host last started.
	Booted time.Time `json:"booted"`
	// Installed is when the box was made; Fingerprint is its certificate's.
	Installed   time.Time `json:"installed"`
	Fingerprint string    `json:"fingerprint,omitempty"`
	// Down is when a host that is rebooting will be back; zero: it is up.
	Down time.Time `json:"down,omitzero"`
	// ClockOffset is by how much the box's own clock is ahead of the world's.
	ClockOffset time.Duration `json:"clock_offset,omitempty"`
	Zone        string        `json:"zone"`
	CPUs        int           `json:"cpus"`
	Memory      int64         `json:"memory"`
	OtherNodes  []string      `json:"other_nodes,omitempty"`
	Subscribed  bool          `json:"subscribed,omitempty"`
	Mail        string        `json:"mail"`
	Updates     int           `json:"updates,omitempty"`
	// Port80 says that port 80 of the guests can be reached from the Internet.
	Port80 bool `json:"port80,omitempty"`

	Disks []HostDisk `json:"disks"`
	Tasks []*task    `json:"tasks"`
	// Storages, VMs, pools and jobs are keyed by their IDs, volumes by their volume
	// IDs.
	Storages map[string]*storage   `json:"storages"`
	VMs      map[int]*vm           `json:"vms"`
	Volumes  map[string]*volume    `json:"volumes"`
	Pools    map[string]*pool      `json:"pools"`
	Jobs     map[string]*backupJob `json:"jobs,omitempty"`
	Faults   faults                `json:"faults"`
	// LastPID is the process number that was given last; LastRandom counts draws.
	LastPID    int64  `json:"last_pid"`
	LastRandom uint64 `json:"last_random"`
}

func newMachine(cfg Config) machine {
	now := cfg.World.Now()
	return machine{
		Storages: freshStorages(cfg.Version), Volumes: map[string]*volume{}, VMs: map[int]*vm{}, Pools: map[string]*pool{},
		Now: now, Installed: now.Add(-30 * 24 * time.Hour), Booted: now.Add(-10 * time.Minute), ClockOffset: cfg.ClockOffset,
		Zone: cfg.Zone, CPUs: cfg.CPUs, Memory: cfg.Memory, OtherNodes: cfg.OtherNodes,
		Subscribed: cfg.Subscribed, Mail: cfg.Mail, Updates: cfg.PendingUpdate, Port80: cfg.Port80,
		Disks: cfg.Disks, LastPID: 1200,
	}
}

// random draws numbers that depend on the box's seed and on how many were drawn.
func (b *Box) random() *rand.Rand {
	b.machine.LastRandom++
	return rand.New(rand.NewPCG(b.seed, b.machine.LastRandom))
}

// clock is what the box's own clock shows at an instant of the world.
func (b *Box) clock(at time.Time) time.Time { return at.Add(b.machine.ClockOffset) }

// zone is the box's time zone; one that does not exist reads as UTC.
func (b *Box) zone() *time.Location {
	if zone, ok := zones.Load(b.machine.Zone); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(b.machine.Zone)
	if err != nil {
		zone = time.UTC
	}
	zones.Store(b.machine.Zone, zone)
	return zone
}

// zones keeps time zones that were read from disk: each event of a box asks for one.
var zones sync.Map

// freshStorages are the storages that the installer makes.
func freshStorages(version string) map[string]*storage {
	content := "iso,vztmpl,backup"
	if version >= "9" {
		content = "iso,import,vztmpl,backup"
	}
	return map[string]*storage{
		"local":     {ID: "local", Type: "dir", Options: map[string]string{"path": "/var/lib/vz", "content": content}},
		"local-lvm": {ID: "local-lvm", Type: "lvmthin", Options: map[string]string{"thinpool": "data", "vgname": "pve", "content": "images,rootdir"}},
	}
}

// earlier is the earlier of two instants, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (b *Box) nextEvent() (next time.Time) {
	if !b.machine.Down.IsZero() {
		return b.machine.Down
	}
	for _, t := range b.machine.Tasks {
		if t.running() {
			next = earlier(next, t.Next)
		}
	}
	for _, v := range b.machine.VMs {
		if v.live() && !v.Paused {
			next = earlier(next, v.Guest.NextEvent())
		}
	}
	return earlier(next, b.nextJob())
}

// runDue does what is due at an instant: the guests first, then the tasks, the oldest
// first, then the jobs.
func (b *Box) runDue(at time.Time) {
	if !b.machine.Down.IsZero() {
		b.comeUp(at)
		return
	}
	b.guestDue(at)
	for _, t := range slices.Clone(b.machine.Tasks) {
		if t.running() && !t.Next.IsZero() && !t.Next.After(at) {
			b.stepTask(t, at)
		}
	}
	b.jobsDue(at)
}
