package pve

import "time"

var (
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/start", startVM)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/stop", stopVM)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/shutdown", shutdownVM)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/reboot", rebootVM)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/reset", resetVM)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/suspend", suspendVM)
	_ = handle("POST /nodes/{node}/qemu/{vmid}/status/resume", resumeVM)
)

// vmTask starts a task on the VM that the call names; the VM need not exist: that
// shows in the task.
func (c *call) vmTask(kind string, w worker) (any, error) {
	return c.box.startTask(c.now, kind, c.p.Str("vmid"), c.auth.ID(), w), nil
}

// runningVM is the VM that the call names, refused when it does not run.
func (c *call) runningVM() (*vm, error) {
	v, err := c.vm()
	if err == nil && !v.running() {
		err = failf("VM %d not running", v.ID)
	}
	return v, err
}

func startVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock", "stateuri", "migratedfrom", "migration_type", "migration_network", "targetstorage", "force-cpu", "machine"); err != nil {
		return nil, err
	}
	return c.vmTask("qmstart", &startWork{VMID: int(c.p.Int("vmid")), SkipLock: c.p.Bool("skiplock")})
}

// startWork starts a VM.
type startWork struct {
	VMID     int  `json:"vmid"`
	SkipLock bool `json:"skip_lock,omitempty"`
	Begun    bool `json:"begun,omitempty"`
}

func (w *startWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if w.Begun {
		return 0, nil
	}
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if wait, err := b.lockConfig(t, w.VMID, now); wait > 0 || err != nil {
		return wait, err
	}
	if v.Lock == "backup" && v.running() {
		return 0, b.resume(v, now) // the process of the backup becomes the guest's
	}
	if !w.SkipLock && v.Lock != "suspended" {
		if err := v.unlocked(); err != nil {
			return 0, err
		}
	}
	if v.running() {
		return 0, failf("VM %d already running", w.VMID)
	}
	b.applyPending(v)
	if err := b.boot(v, now, false); err != nil {
		return 0, err
	}
	w.Begun = true
	return 3 * time.Second, nil
}

// resume lets a paused or prelaunched process run its guest.
func (b *Box) resume(v *vm, now time.Time) error {
	if v.Prelaunch {
		v.Prelaunch = false
		return b.bootGuest(v, now)
	}
	if v.Paused && v.Guest != nil {
		v.UsedTo = now
	}
	v.Paused = false
	return nil
}

func stopVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock", "keepActive", "migratedfrom"); err != nil {
		return nil, err
	}
	return c.vmTask("qmstop", &stopWork{VMID: int(c.p.Int("vmid")), SkipLock: c.p.Bool("skiplock"), Hard: true})
}

func shutdownVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock", "keepActive"); err != nil {
		return nil, err
	}
	w := &stopWork{VMID: int(c.p.Int("vmid")), SkipLock: c.p.Bool("skiplock"), Force: c.p.Bool("forceStop"), Timeout: 60 * time.Second}
	if c.p.Has("timeout") {
		w.Timeout = time.Duration(c.p.Int("timeout")) * time.Second
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if v.Paused {
		if !w.Force {
			return nil, failf("VM is paused - cannot shutdown")
		}
		w.Hard = true
	}
	return c.vmTask("qmshutdown", w)
}

func rebootVM(c *call) (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if v.Paused {
		return nil, failf("VM is paused - cannot shutdown")
	}
	if !v.running() {
		return nil, failf("VM %d not running", v.ID)
	}
	w := &stopWork{VMID: v.ID, Timeout: 60 * time.Second, Again: true}
	if c.p.Has("timeout") {
		w.Timeout = time.Duration(c.p.Int("timeout")) * time.Second
	}
	return c.vmTask("qmreboot", w)
}

// stopWork ends a VM: by the power plug, or by asking the guest and waiting for it.
type stopWork struct {
	VMID     int           `json:"vmid"`
	SkipLock bool          `json:"skip_lock,omitempty"`
	Hard     bool          `json:"hard,omitempty"`
	Force    bool          `json:"force,omitempty"` // pull the plug when the time is over
	Timeout  time.Duration `json:"timeout,omitempty"`
	Again    bool          `json:"again,omitempty"` // start it afterwards
	Asked    time.Time     `json:"asked,omitzero"`
	Over     bool          `json:"over,omitempty"`
}

func (w *stopWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if w.Over || w.Asked.IsZero() && !v.running() {
		return 0, nil
	}
	if w.Asked.IsZero() {
		return w.begin(b, t, v, now)
	}
	switch {
	case !v.running():
		return 0, nil
	case now.Sub(w.Asked) < w.Timeout:
		return time.Second, nil
	case !w.Force:
		v.Rebooting = false
		return 0, failf("VM quit/powerdown failed - got timeout")
	}
	t.warn(now, "VM still running - terminating now with SIGTERM")
	w.Over = true
	b.halt(v, now)
	return time.Second, nil
}

func (w *stopWork) begin(b *Box, t *task, v *vm, now time.Time) (time.Duration, error) {
	if wait, err := b.seize(t, v, now, w.SkipLock); wait > 0 || err != nil {
		return wait, err
	}
	if w.Hard {
		w.Over = true
		b.halt(v, now)
		return time.Second, nil
	}
	w.Asked, v.Rebooting = now, w.Again
	if v.live() {
		v.Guest.Shutdown(now)
	}
	return time.Second, nil
}

func resetVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock"); err != nil {
		return nil, err
	}
	v, err := c.runningVM()
	if err != nil {
		return nil, err
	}
	return c.vmTask("qmreset", &resetWork{VMID: v.ID, SkipLock: c.p.Bool("skiplock")})
}

// resetWork is the reset button: the process goes on, the guest boots anew.
type resetWork struct {
	VMID     int  `json:"vmid"`
	SkipLock bool `json:"skip_lock,omitempty"`
	Begun    bool `json:"begun,omitempty"`
}

func (w *resetWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil || w.Begun {
		return 0, err
	}
	if wait, err := b.seize(t, v, now, w.SkipLock); wait > 0 || err != nil {
		return wait, err
	}
	w.Begun = true
	if v.live() {
		v.Guest.Cut(now)
		b.flush(v, now)
		if err := b.bootGuest(v, now); err != nil {
			return 0, err
		}
	}
	return time.Second, nil
}

func suspendVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock"); err != nil {
		return nil, err
	}
	v, err := c.runningVM()
	if err != nil {
		return nil, err
	}
	if c.p.Bool("todisk") {
		return nil, &failure{Status: 501, Reason: "suspend to disk is not simulated"}
	}
	return c.vmTask("qmpause", &pauseVMWork{VMID: v.ID, Pause: true, SkipLock: c.p.Bool("skiplock")})
}

func resumeVM(c *call) (any, error) {
	if err := c.onlyRoot("skiplock", "nocheck"); err != nil {
		return nil, err
	}
	v, err := c.runningVM()
	if err != nil {
		return nil, err
	}
	return c.vmTask("qmresume", &pauseVMWork{VMID: v.ID, SkipLock: c.p.Bool("skiplock")})
}

// pauseVMWork stops the virtual CPUs, or lets them go on.
type pauseVMWork struct {
	VMID     int  `json:"vmid"`
	Pause    bool `json:"pause,omitempty"`
	SkipLock bool `json:"skip_lock,omitempty"`
}

func (w *pauseVMWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	v, err := b.vm(w.VMID)
	if err != nil {
		return 0, err
	}
	if wait, err := b.seize(t, v, now, w.SkipLock || v.Lock == "backup"); wait > 0 || err != nil {
		return wait, err
	}
	if !w.Pause {
		return 0, b.resume(v, now)
	}
	if v.live() {
		b.flush(v, now)
	}
	v.Paused = true
	return 0, nil
}
