package pve

import (
	"reflect"
	"time"
)

// work is what a running task has left to do: one of the kinds below, as data.
type work struct {
	Pause        *pauseWork        `json:"pause,omitempty"`
	Delete       *deleteWork       `json:"delete,omitempty"`
	Upload       *uploadWork       `json:"upload,omitempty"`
	Download     *downloadWork     `json:"download,omitempty"`
	Prune        *pruneWork        `json:"prune,omitempty"`
	Create       *createWork       `json:"create,omitempty"`
	Start        *startWork        `json:"start,omitempty"`
	Stop         *stopWork         `json:"stop,omitempty"`
	Reset        *resetWork        `json:"reset,omitempty"`
	Freeze       *pauseVMWork      `json:"freeze,omitempty"`
	Config       *configWork       `json:"config,omitempty"`
	Destroy      *destroyWork      `json:"destroy,omitempty"`
	Resize       *resizeWork       `json:"resize,omitempty"`
	Snapshot     *snapshotWork     `json:"snapshot,omitempty"`
	DropSnapshot *dropSnapshotWork `json:"drop_snapshot,omitempty"`
	Rollback     *rollbackWork     `json:"rollback,omitempty"`
	Backup       *backupWork       `json:"backup,omitempty"`
	Restore      *restoreWork      `json:"restore,omitempty"`
	Directory    *directoryWork    `json:"directory,omitempty"`
	Wipe         *wipeWork         `json:"wipe,omitempty"`
}

// workOf stores a worker in the field of its kind.
func workOf(w worker) (out work) {
	fields := reflect.ValueOf(&out).Elem()
	for i := range fields.NumField() {
		if fields.Field(i).Type() == reflect.TypeOf(w) {
			fields.Field(i).Set(reflect.ValueOf(w))
		}
	}
	return out
}

// worker is the kind that is set; a task without work has nothing left to do.
func (w work) worker() worker {
	fields := reflect.ValueOf(w)
	for i := range fields.NumField() {
		if f := fields.Field(i); !f.IsNil() {
			return f.Interface().(worker)
		}
	}
	return &pauseWork{Over: true}
}

// pauseWork only takes time; its effects came with the call.
type pauseWork struct {
	For  time.Duration `json:"for"`
	Text []string      `json:"text,omitempty"`
	Over bool          `json:"over,omitempty"`
}

func (w *pauseWork) step(_ *Box, t *task, now time.Time) (time.Duration, error) {
	if w.Over {
		return 0, nil
	}
	for _, line := range w.Text {
		t.say(now, "%s", line)
	}
	w.Over = true
	return w.For, nil
}
