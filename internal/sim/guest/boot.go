package guest

import "time"

// bootTime is the way from the power button to a running init.
const bootTime = 12 * time.Second

// stopTime is the way from the shutdown request to off.
const stopTime = 6 * time.Second

func (g *Guest) powerOn(now time.Time) {
	g.BootedAt, g.Agent, g.FrozenAt, g.RebootNext = now, false, time.Time{}, false
	if g.disk.OS == "" || g.Hardware.Fail == FailKernel {
		g.PowerState, g.Wake = Dead, time.Time{}
		return
	}
	g.PowerState, g.Wake = Booting, now.Add(bootTime)
}

// NextEvent is the earliest instant at which something happens in the guest by
// itself; zero when nothing is pending.
func (g *Guest) NextEvent() time.Time { return g.Wake }

// Advance lets the guest's time go on to now. A time before the last one does
// nothing.
func (g *Guest) Advance(now time.Time) {
	for !g.Wake.IsZero() && !g.Wake.After(now) {
		at := g.Wake
		g.Now, g.Wake = at, time.Time{}
		switch {
		case g.PowerState == Booting:
			g.PowerState = Running
			g.Agent = g.disk.Packages["qemu-guest-agent"] != "" && g.Hardware.Fail != FailAgent
		case g.PowerState == Stopping && g.RebootNext:
			g.powerOn(at)
		case g.PowerState == Stopping:
			g.PowerState, g.Agent = Off, false
		}
	}
	if now.After(g.Now) {
		g.Now = now.UTC()
	}
}

// Shutdown asks the guest to power off, as the ACPI button or the agent does. A
// guest that hangs does not hear it. Power becomes Off some seconds later.
func (g *Guest) Shutdown(now time.Time) { g.stop(now, false) }

// Reboot asks the guest to boot again, from inside: the machine's process goes on.
func (g *Guest) Reboot(now time.Time) { g.stop(now, true) }

func (g *Guest) stop(now time.Time, again bool) {
	g.Advance(now)
	if !g.alive() {
		return
	}
	g.PowerState, g.Wake, g.RebootNext, g.Agent = Stopping, now.Add(stopTime), again, false
}

// Cut is a power cut: what was not finished is lost.
func (g *Guest) Cut(now time.Time) {
	g.Advance(now)
	g.PowerState, g.Wake, g.Agent = Off, time.Time{}, false
}
