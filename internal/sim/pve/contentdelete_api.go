package pve

import (
	"fmt"
	"time"
)

// contentDelete answers nothing when the volume is gone within delay seconds, else
// the task that removes it.
func contentDelete(c *call) (any, error) {
	volid, s, err := volumeParam(c)
	if err != nil {
		return nil, err
	}
	n, err := c.box.parseVolname(volid)
	if err != nil {
		return nil, err
	}
	if n.content == "backup" && n.vmid != 0 {
		if err := c.require("/storage/"+s.ID, "Datastore.AllocateSpace"); err != nil {
			return nil, err
		}
		if err := c.require(vmPath(n.vmid), "VM.Backup"); err != nil {
			return nil, err
		}
	} else if err := c.require("/storage/"+s.ID, "Datastore.Allocate"); err != nil {
		return nil, err
	}
	id := s.ID
	if n.vmid != 0 {
		id = fmt.Sprintf("%d@%s", n.vmid, s.ID)
	}
	w := &deleteWork{Volid: volid, Begun: c.p.Has("delay")}
	upid := c.box.startTask(c.now, "imgdel", id, c.auth.ID(), w)
	if !c.p.Has("delay") {
		return upid, nil
	}
	t := c.box.findTask(upid)
	switch {
	case t == nil || t.running():
		return upid, nil
	case t.Exit != "OK":
		return nil, failf("%s", t.Exit)
	}
	return nil, nil
}

// deleteWork removes one volume.
type deleteWork struct {
	Volid string `json:"volid"`
	Begun bool   `json:"begun,omitempty"`
}

func (w *deleteWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if !w.Begun {
		w.Begun = true
		return time.Second, nil
	}
	if err := b.remove(w.Volid); err != nil {
		return 0, err
	}
	t.say(now, "Removed volume '%s'", w.Volid)
	return 0, nil
}

// remove deletes a volume wherever it lies.
func (b *Box) remove(volid string) error {
	id, _, _ := parseVolid(volid)
	s, err := b.storageConfig(id)
	if err != nil {
		return err
	}
	n, err := b.parseVolname(volid)
	if err != nil {
		return err
	}
	if s.Type == "pbs" {
		session, err := b.openVault(s)
		if err != nil {
			return err
		}
		ref, err := refOf(n.file)
		if err != nil {
			return err
		}
		return vaultError(session.Delete(ref))
	}
	if err := b.activate(s); err != nil {
		return err
	}
	v := b.machine.Volumes[volid]
	if v == nil {
		if s.Type == "lvmthin" {
			return failf("lvremove 'pve/%s' error:   Failed to find logical volume \"pve/%s\"", n.file, n.file)
		}
		return nil // the plugin only warns: disk image '…' does not exist
	}
	return b.free(v)
}
