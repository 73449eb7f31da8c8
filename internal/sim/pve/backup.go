package pve

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// backupWork backs VMs up, one after the other. Only one backup runs on a box at a
// time; a second one waits.
type backupWork struct {
	Options map[string]string `json:"options"`
	VMIDs   []int             `json:"vmids"`
	// Job is the backup job that started it, empty for a call.
	Job string `json:"job,omitempty"`

	Ready  bool      `json:"ready,omitempty"`  // storage checked
	Asked  time.Time `json:"asked,omitzero"`   // since when it waits for the box's lock
	Locked bool      `json:"locked,omitempty"` // holds the box's lock
	Todo   []int     `json:"todo,omitempty"`
	Errors int       `json:"errors,omitempty"`
	// Current is the VM that is being backed up.
	Current *dump `json:"current,omitempty"`
}

func (w *backupWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if !w.Ready {
		if err := w.prepare(b); err != nil {
			return 0, err
		}
		w.Ready = true
	}
	if !w.Locked {
		if wait, err := w.lock(b, t, now); wait > 0 || err != nil {
			return wait, err
		}
		t.say(now, "INFO: starting new backup job: %s", w.commandLine())
		if err := w.choose(b, t); err != nil {
			return 0, err
		}
	}
	for {
		if w.Current == nil {
			if len(w.Todo) == 0 {
				return 0, w.end(t, now)
			}
			w.Current = &dump{VMID: w.Todo[0], Begun: now}
			w.Todo = w.Todo[1:]
		}
		wait, err := w.Current.step(b, t, w, now)
		if err == nil && wait > 0 {
			return wait, nil
		}
		w.Current.finish(b, t, now, err)
		if err != nil {
			w.Errors++
		}
		w.Current = nil
	}
}

// prepare checks the storage before anything is waited for.
func (w *backupWork) prepare(b *Box) error {
	id := backupStorage(w.Options)
	if id == "" {
		return failf("dumpdir '%s' does not exist", w.Options["dumpdir"])
	}
	w.Options["storage"] = id
	s, err := b.storageConfig(id)
	if err == nil {
		if err := b.activate(s); err != nil {
			return failf("could not activate storage '%s': %s", id, err)
		}
	}
	if err != nil {
		return failf("could not activate storage '%s': %s", id, err)
	}
	if !s.holds("backup") {
		return failf("could not get storage information for '%s': can't use storage '%s' for backups - wrong content type", id, id)
	}
	if _, ok := w.Options["prune-backups"]; !ok {
		w.Options["prune-backups"] = s.Options["prune-backups"]
	}
	return nil
}

// lock takes the box's one lock for backups.
func (w *backupWork) lock(b *Box, t *task, now time.Time) (time.Duration, error) {
	busy := slices.ContainsFunc(b.machine.Tasks, func(o *task) bool {
		return o != t && o.running() && o.Work.Backup != nil && o.Work.Backup.Locked
	})
	if !busy {
		if !w.Asked.IsZero() {
			t.say(now, "INFO: got global lock")
		}
		w.Locked = true
		return 0, nil
	}
	lockwait := 180 * time.Minute
	if text, ok := w.Options["lockwait"]; ok {
		lockwait = time.Duration(atoi(text)) * time.Minute
	}
	if w.Asked.IsZero() {
		w.Asked = now
		t.say(now, "INFO: trying to get global lock - waiting...")
	}
	if now.Sub(w.Asked) >= lockwait {
		t.say(now, "ERROR: can't acquire lock '/var/run/vzdump.lock' - got timeout")
		return 0, failf("can't acquire lock '/var/run/vzdump.lock' - got timeout")
	}
	return 10 * time.Second, nil
}

// commandLine is the job as a command.
func (w *backupWork) commandLine() string {
	parts := []string{"vzdump"}
	parts = append(parts, splitIDs(w.Options["vmid"])...)
	for _, key := range slices.Sorted(maps.Keys(w.Options)) {
		value := w.Options[key]
		if key == "vmid" || value == "" {
			continue
		}
		if strings.ContainsAny(value, " {}'") {
			value = "'" + value + "'"
		}
		parts = append(parts, "--"+key+" "+value)
	}
	return strings.Join(parts, " ")
}

// choose takes the VMs that the user may back up; without the right on one that was
// asked for, the whole task fails.
func (w *backupWork) choose(b *Box, t *task) error {
	for _, id := range w.VMIDs {
		if b.machine.VMs[id] != nil {
			if err := b.need(t.User, vmPath(id), "VM.Backup"); err != nil {
				if w.Options["all"] == "1" {
					continue
				}
				return err
			}
		}
		w.Todo = append(w.Todo, id)
	}
	return nil
}

func (w *backupWork) end(t *task, now time.Time) error {
	if w.Errors > 0 {
		t.say(now, "INFO: Backup job finished with errors")
		return failf("job errors")
	}
	t.say(now, "INFO: Backup job finished successfully")
	return nil
}

// clean undoes what a backup that is cut off has changed at the VM.
func (w *backupWork) clean(b *Box, t *task, now time.Time) {
	if w.Current != nil {
		w.Current.finish(b, t, now, errors.New("interrupted by signal"))
		w.Current = nil
	}
}

// mode is what a backup does to the guest; one that is off needs nothing.
func (w *backupWork) mode(running bool) string {
	switch mode := w.Options["mode"]; {
	case !running:
		return "stop"
	case mode == "":
		return "snapshot"
	default:
		return mode
	}
}

// removes tells whether older backups are pruned afterwards: so it is unless told
// otherwise.
func (w *backupWork) removes() bool {
	keep := parseKeeping(w.Options["prune-backups"])
	return w.Options["remove"] != "0" && keep != nil && !keep.all()
}
