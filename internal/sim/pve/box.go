package pve

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
)

// World is the simulated time that a box lives in; simtime.World is one.
type World interface {
	Now() time.Time
	Poke()
}

// Config is what a new box is made of. Its zero values stand for an ordinary box: 4
// cores, 32 GiB of memory, an SSD with the system, an empty HDD, Europe/Paris.
type Config struct {
	Name    string // the node's name
	Version string // "8.4" or "9.2"; "7.4" for a box that is too old
	World   World  // time; required
	Seed    uint64 // all that looks random on this box comes from it
	// Vaults is how the box reaches backup servers; nil: none can be reached.
	Vaults archive.Network
	// Downloads is the base URL of the sandbox's control address, the only place
	// from which download-url fetches; without it every download fails.
	Downloads string

	CPUs          int           // logical CPUs
	Memory        int64         // bytes
	Disks         []HostDisk    // nil: an SSD of 480 GB and an HDD of 2 TB
	Zone          string        // IANA name of the box's time zone
	ClockOffset   time.Duration // by how much the box's clock is ahead
	OtherNodes    []string      // further nodes of the cluster that it belongs to
	Subscribed    bool
	Mail          string // root@pam's address
	PendingUpdate int    // packages that apt would upgrade
	Port80        bool   // port 80 of its guests can be reached from the Internet

	// Report is told, for tests, how an answer differs from the official description;
	// nil: nobody looks.
	Report func(fault string)
}

func (cfg Config) withDefaults() Config {
	if cfg.CPUs == 0 {
		cfg.CPUs = 4
	}
	if cfg.Memory == 0 {
		cfg.Memory = 32 << 30
	}
	if cfg.Zone == "" {
		cfg.Zone = "Europe/Paris"
	}
	if cfg.Mail == "" {
		cfg.Mail = "root@" + cfg.Name + ".example"
	}
	if cfg.Disks == nil {
		cfg.Disks = []HostDisk{SystemSSD(480 << 30), EmptyHDD(2 << 40)}
	}
	return cfg
}

// Box is one simulated host. All its state is plain data that survives MarshalJSON
// and UnmarshalJSON at any instant, tasks in the middle of their work included.
type Box struct {
	mu      sync.Mutex
	name    string
	version string
	seed    uint64
	world   World
	vaults  archive.Network
	fetch   string // Config.Downloads
	report  func(string)
	rights  map[[2]string]propagates // see permissions
	access  access
	machine machine
}

// NewBox makes a box as a fresh installation leaves it.
func NewBox(cfg Config) *Box {
	cfg = cfg.withDefaults()
	b := &Box{
		name: cfg.Name, version: cfg.Version, seed: cfg.Seed,
		world: cfg.World, vaults: cfg.Vaults, fetch: cfg.Downloads, report: cfg.Report,
	}
	b.access = newAccess(cfg)
	b.machine = newMachine(cfg)
	return b
}

// savedBox is a box at rest.
type savedBox struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Seed    uint64  `json:"seed"`
	Access  access  `json:"access"`
	Machine machine `json:"machine"`
}

// MarshalJSON gives the box's whole state as of its last change.
func (b *Box) MarshalJSON() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushAll(b.machine.Now)
	return json.Marshal(savedBox{Name: b.name, Version: b.version, Seed: b.seed, Access: b.access, Machine: b.machine})
}

// UnmarshalJSON replaces the box's state by a saved one. What ties the box to its
// world (time, vaults, downloads) stays as NewBox was told.
func (b *Box) UnmarshalJSON(data []byte) error {
	var saved savedBox
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("saved box: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.name, b.version, b.seed = saved.Name, saved.Version, saved.Seed
	b.access, b.machine = saved.Access, saved.Machine
	return b.attachGuests()
}

// NextEvent is the earliest instant at which the box's state changes by itself.
func (b *Box) NextEvent() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.nextEvent()
}

// Advance does everything that is due up to and including now, in order.
func (b *Box) Advance(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
}

// stuck is how many events at one instant are too many: the box then stands still,
// which its world finds out, rather than to go round for ever.
const stuck = 100_000

// advance is Advance for callers that hold the lock. An event may bring others that
// are due as well, so the earliest is looked for again after each.
func (b *Box) advance(now time.Time) {
	for here := 0; here < stuck; here++ {
		next := b.nextEvent()
		if next.IsZero() || next.After(now) {
			break
		}
		at := next
		if !at.After(b.machine.Now) {
			at = b.machine.Now // never backwards
		} else {
			here = 0
		}
		b.machine.Now = at
		b.forgetRights()
		b.runDue(at)
	}
	if now.After(b.machine.Now) {
		b.machine.Now = now
	}
}
