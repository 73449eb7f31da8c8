package guest

import (
	"strings"
	"time"
)

const (
	kernelTime  = 8 * time.Second  // from the power button to the kernel's end
	networkTime = 5 * time.Second  // DHCP, or a fixed address
	noLinkTime  = 60 * time.Second // how long a boot waits for a network that does not come
	stopTime    = 6 * time.Second  // from the shutdown request to off

	bootBytes = 60 << 20
	// What a system writes by itself: logs, mail, databases.
	idleBytesPerSecond = 200
	useBytesPerSecond  = 3500
)

func (g *Guest) powerOn(now time.Time) {
	*g = Guest{disk: g.disk, Hardware: g.Hardware, Seed: g.Seed, Now: now, BootedAt: now, LastPID: 600}
	if g.disk.OS == "" || g.Hardware.Fail == failKernel {
		g.PowerState = Dead
		return
	}
	for name := range g.disk.Files {
		if strings.HasPrefix(name, "/run/") {
			delete(g.disk.Files, name) // it is in memory
		}
	}
	// A disk that was copied while its system ran knows of work that nobody does now.
	if y := g.disk.YunoHost; y != nil {
		y.Forget()
	}
	g.disk.CloudInit.interrupted()
	g.disk.Written += bootBytes
	g.PowerState, g.Wake = Booting, now.Add(kernelTime)
}

// NextEvent is the earliest instant at which something happens in the guest by
// itself; zero when nothing is pending.
func (g *Guest) NextEvent() time.Time {
	next := g.Wake
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if g.alive() {
		for _, p := range g.Processes {
			if !p.Done {
				sooner(p.Wake)
			}
		}
		if y := g.disk.YunoHost; y != nil {
			sooner(y.NextEvent())
		}
	}
	return next
}

// Advance lets the guest's time go on to now and does what is due, in order. A time
// before the last one does nothing.
func (g *Guest) Advance(now time.Time) {
	now = now.UTC()
	for {
		next := g.NextEvent()
		if next.IsZero() || next.After(now) {
			break
		}
		g.elapse(next)
		g.event()
	}
	g.elapse(now)
}

// elapse lets time go by in which nothing happens but a little writing.
func (g *Guest) elapse(now time.Time) {
	if !now.After(g.Now) {
		return
	}
	if g.PowerState == Running {
		rate := int64(idleBytesPerSecond)
		if y := g.disk.YunoHost; y != nil && y.Installed {
			rate = useBytesPerSecond
		}
		g.disk.Written += rate * (now.Unix() - g.Now.Unix())
	}
	g.Now = now
}

// event does what is due at g.Now.
func (g *Guest) event() {
	if y := g.disk.YunoHost; y != nil && g.alive() {
		g.tellYunoHost()
		y.Advance(g.Now)
	}
	if !g.Wake.IsZero() && !g.Wake.After(g.Now) {
		g.Wake = time.Time{}
		switch {
		case g.PowerState == Booting:
			g.boot()
		case g.PowerState == Running && g.Init != nil:
			g.initStep()
		case g.PowerState == Stopping && g.RebootNext:
			g.powerOn(g.Now)
			return
		case g.PowerState == Stopping:
			g.PowerState, g.Agent = Off, false
			return
		}
	}
	g.runDue()
}

// runDue runs the processes on that wait for this instant or for an event.
func (g *Guest) runDue() {
	for again := true; again && g.alive(); {
		again = false
		for _, p := range g.Processes {
			if !g.alive() {
				return // one of them has shut the system down
			}
			if p.Done || (!p.Waits && (p.Wake.IsZero() || p.Wake.After(g.Now))) {
				continue
			}
			waited := p.Waits
			g.step(p)
			if p.Done || !waited {
				again = true
			}
		}
		if g.Init != nil && g.Init.PID != 0 {
			if p := g.process(g.Init.PID); p != nil && p.Done {
				g.initStep()
				again = true
			}
		}
	}
}

// boot is the end of the kernel's part: the network comes, then cloud-init.
func (g *Guest) boot() {
	g.PowerState = Running
	if g.Hardware.DiskBytes > g.disk.RootBytes && g.has("cloud-init") {
		g.disk.RootBytes = g.Hardware.DiskBytes
	}
	if g.has("qemu-guest-agent") {
		g.setUnit("qemu-guest-agent", true)
	}
	g.startInit()
}

// Shutdown asks the guest to power off, as the ACPI button or the agent does. A
// guest that hangs does not hear it. Power becomes Off some seconds later.
func (g *Guest) Shutdown(now time.Time) {
	g.Advance(now)
	g.stop(g.Now, false)
}

// Reboot asks the guest to boot again, from inside: the machine's process goes on.
func (g *Guest) Reboot(now time.Time) {
	g.Advance(now)
	g.stop(g.Now, true)
}

func (g *Guest) stop(now time.Time, again bool) {
	if !g.alive() {
		return
	}
	g.lose(now)
	g.PowerState, g.Wake, g.RebootNext, g.Agent = Stopping, now.Add(stopTime), again, false
}

// leave is a shutdown or reboot by a command. If a first boot's own script asks for it,
// the module of that script is done.
func (g *Guest) leave(again bool) {
	if g.Init != nil {
		g.disk.CloudInit.Steps = max(g.disk.CloudInit.Steps, g.Init.At+1)
	}
	g.stop(g.Now, again)
}

// lose ends what is under way.
func (g *Guest) lose(now time.Time) {
	if y := g.disk.YunoHost; y != nil {
		y.Abort(now)
	}
	g.disk.CloudInit.interrupted()
	g.Processes, g.Init = nil, nil
}

// Cut is a power cut: what was not finished is lost.
func (g *Guest) Cut(now time.Time) {
	g.Advance(now)
	g.lose(g.Now)
	g.PowerState, g.Wake, g.Agent, g.FrozenAt = Off, time.Time{}, false, time.Time{}
}
