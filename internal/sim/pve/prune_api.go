package pve

import (
	"fmt"
	"time"
)

var (
	_ = handle("GET /nodes/{node}/storage/{storage}/prunebackups", pruneDryRun)
	_ = handle("DELETE /nodes/{node}/storage/{storage}/prunebackups", pruneBackups)
)

func pruneDryRun(c *call) (any, error) {
	s, err := c.box.storageConfig(c.p.Str("storage"))
	if err != nil {
		return nil, err
	}
	marked, err := c.box.plan(s, parseKeeping(c.p.Str("prune-backups")), int(c.p.Int("vmid")), c.p.Str("type"))
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, p := range marked {
		out := map[string]any{"volid": p.volid, "ctime": p.ctime, "mark": p.mark, "type": p.kind}
		if p.vmid != 0 {
			out["vmid"] = p.vmid
		}
		list = append(list, out)
	}
	return list, nil
}

func pruneBackups(c *call) (any, error) {
	storage, vmid := c.p.Str("storage"), int(c.p.Int("vmid"))
	id := storage
	if vmid != 0 {
		if err := c.require("/storage/"+storage, "Datastore.AllocateSpace"); err != nil {
			return nil, err
		}
		if err := c.require(vmPath(vmid), "VM.Backup"); err != nil {
			return nil, err
		}
		id = fmt.Sprintf("%d@%s", vmid, storage)
	} else if err := c.require("/storage/"+storage, "Datastore.Allocate"); err != nil {
		return nil, err
	}
	w := &pruneWork{Storage: storage, Keep: c.p.Str("prune-backups"), VMID: vmid, Type: c.p.Str("type")}
	return c.box.startTask(c.now, "prunebackups", id, c.auth.ID(), w), nil
}

// pruneWork removes what a retention does not keep.
type pruneWork struct {
	Storage string `json:"storage"`
	Keep    string `json:"keep,omitempty"`
	VMID    int    `json:"vmid,omitempty"`
	Type    string `json:"type,omitempty"`
	Begun   bool   `json:"begun,omitempty"`
}

func (w *pruneWork) step(b *Box, t *task, now time.Time) (time.Duration, error) {
	if !w.Begun {
		w.Begun = true
		return 2 * time.Second, nil
	}
	s, err := b.storageConfig(w.Storage)
	if err != nil {
		return 0, err
	}
	_, err = b.prune(s, parseKeeping(w.Keep), w.VMID, w.Type, func(format string, args ...any) {
		t.say(now, format, args...)
	})
	return 0, err
}
