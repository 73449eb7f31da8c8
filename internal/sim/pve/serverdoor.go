package pve

import (
	"time"

	"codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// ServerVM is the VM whose YunoHost serves a domain and can be reached from outside:
// it runs, its links are up, and the site lets ports through. ok is false for none.
func (b *Box) ServerVM(domain string) (vmid int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(b.world.Now())
	if !b.machine.Port80 {
		return 0, false
	}
	for _, id := range b.vmids() {
		if y := b.server(id); y != nil && y.HasDomain(domain) {
			return id, true
		}
	}
	return 0, false
}

// WithServer calls do with the YunoHost of a VM, or with nil when there is none (any
// more), under the box's lock and at the present instant.
func (b *Box) WithServer(vmid int, do func(now time.Time, s *yunohost.State)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.world.Now()
	b.advance(now)
	do(now, b.server(vmid))
	b.world.Poke()
}

// server is the YunoHost that runs in a VM and has a network.
func (b *Box) server(vmid int) *yunohost.State {
	v := b.machine.VMs[vmid]
	if v == nil || !v.live() || v.Paused || !v.Guest.Online() {
		return nil
	}
	return v.Guest.Serving()
}
