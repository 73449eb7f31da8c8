// Package guest is what runs inside a simulated virtual machine: a Debian that
// boots from its disk, a cloud-init that reads the attached NoCloud image and acts
// on it, a guest agent, a small shell, and on top of them a YunoHost.
//
// It knows nothing of the machine around it: the machine boots it with a Disk, a
// Seed and Hardware, lets time go on with Advance, and asks. All state is plain
// JSON data; Disk and Guest marshal, at any instant, the middle of a boot or of an
// install included, and go on where they were when they are read back. What it
// does not simulate it refuses by name, as a boot that ends with an error or as a
// command that is not found; it never makes an answer up.
//
// Nothing here locks: whoever owns the machine calls with the machine's own lock
// held and with a time that never goes back.
package guest

import (
	"time"

	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// NIC is one network card as the machine presents it.
type NIC struct {
	MAC      string `json:"mac"`                 // as in net0, any case
	LinkDown bool   `json:"link_down,omitempty"` // link_down=1
}

// Hardware is what the machine gives to its guest. It may change while the guest
// runs (SetHardware): a cable is pulled, the site loses its Internet access.
type Hardware struct {
	NICs      []NIC `json:"nics,omitempty"`
	Memory    int64 `json:"memory"`     // bytes
	Cores     int   `json:"cores"`      // at least 1
	DiskBytes int64 `json:"disk_bytes"` // size of the system disk

	// AgentPort says that the machine has the agent's channel (agent=enabled=1).
	AgentPort bool `json:"agent_port"`
	// Offline cuts the guest from the Internet although its links are up.
	Offline bool `json:"offline,omitempty"`
	// Port80 says that the guest's port 80 can be reached from the Internet, which
	// Let's Encrypt needs.
	Port80 bool `json:"port80,omitempty"`
	// Fail makes the boot go wrong: "" (no fault), failKernel, FailAgent.
	Fail string `json:"fail,omitempty"`
	// Seed makes durations and random values repeatable.
	Seed uint64 `json:"seed"`
}

// Boot faults for Hardware.Fail.
const (
	failKernel = "kernel" // the kernel panics: the machine runs, nothing ever answers
	FailAgent  = "agent"  // all well, but the agent never comes up
)

// Power is where a guest stands between the power button and off.
type Power string

// The states of Power. A guest leaves Stopping for Off (Shutdown) or for Booting
// (Reboot). Dead is a guest that hangs: no boot loader, kernel panic; only the
// machine can end it.
const (
	Booting  Power = "booting"
	Running  Power = "running"
	Stopping Power = "stopping"
	Off      Power = "off"
	Dead     Power = "dead"
)

// Guest is a machine's running system: what is in memory. Its JSON holds all but
// the disk; after reading it back call Attach.
type Guest struct {
	PowerState Power     `json:"power"`
	Hardware   Hardware  `json:"hardware"`
	Seed       *Seed     `json:"seed,omitempty"`        // image in the drive, read at boot
	Now        time.Time `json:"now"`                   // how far Advance has gone
	BootedAt   time.Time `json:"booted_at"`             // power button or reboot
	Agent      bool      `json:"agent,omitempty"`       // qemu-guest-agent runs
	FrozenAt   time.Time `json:"frozen_at,omitzero"`    // since fs-freeze
	Wake       time.Time `json:"wake,omitzero"`         // end of Booting or Stopping, or of a step of the first boot
	RebootNext bool      `json:"reboot_next,omitempty"` // Stopping leads to Booting

	Network   []Interface     `json:"network,omitempty"` // as set up at this boot, without lo
	Gateway   bool            `json:"gateway,omitempty"` // there is a way out of the site
	Init      *bootRun        `json:"init,omitempty"`    // cloud-init at work
	Processes []*process      `json:"processes,omitempty"`
	LastPID   int             `json:"last_pid,omitempty"`
	Stopped   map[string]bool `json:"stopped,omitempty"` // units that were stopped by hand

	disk *Disk
}

// Boot starts a guest from disk at now. seed is the NoCloud image in the drive, or
// nil when there is none or when it could not be read. The guest keeps disk and
// writes to it from now on; disk must not be booted twice at the same time.
func Boot(disk *Disk, seed *Seed, hw Hardware, now time.Time) *Guest {
	g := &Guest{disk: disk, Hardware: hw, Seed: seed, Now: now.UTC()}
	g.powerOn(now.UTC())
	return g
}

// Attach gives a guest that was read from JSON its disk back.
func (g *Guest) Attach(disk *Disk) { g.disk = disk }

// Disk is the guest's system disk, as last written.
func (g *Guest) Disk() *Disk { return g.disk }

// SetHardware tells the guest of a change around it.
func (g *Guest) SetHardware(hw Hardware) { g.Hardware = hw }

// SetSeed changes the image in the drive: nil when it was detached. The guest
// looks at it at its next boot.
func (g *Guest) SetSeed(seed *Seed) { g.Seed = seed }

// Power says whether the guest boots, runs, stops, is off or hangs.
func (g *Guest) Power() Power { return g.PowerState }

// AgentUp says whether the guest agent answers. It does so as soon as it was
// installed, before cloud-init is done.
func (g *Guest) AgentUp() bool { return g.Agent && g.Hardware.AgentPort && g.alive() }

func (g *Guest) alive() bool { return g.PowerState == Running || g.PowerState == Booting }

// YunoHost is the YunoHost on the disk, or nil when none is installed.
func (g *Guest) YunoHost() *yunohost.State { return g.disk.YunoHost }

// Serving is the YunoHost while its web server answers: the system runs and nginx
// was not stopped. It is nil otherwise.
func (g *Guest) Serving() *yunohost.State {
	if y := g.disk.YunoHost; y != nil && g.PowerState == Running {
		if up, _ := g.active("nginx"); up {
			g.tellYunoHost()
			return y
		}
	}
	return nil
}
