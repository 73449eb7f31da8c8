package pve

import "time"

// work is what a running task has left to do: one of the kinds below, as data.
type work struct {
	Pause *pauseWork `json:"pause,omitempty"`
}

// workOf stores a worker in the field of its kind.
func workOf(w worker) (out work) {
	switch w := w.(type) {
	case *pauseWork:
		out.Pause = w
	}
	return out
}

// worker is the kind that is set.
func (w work) worker() worker {
	switch {
	case w.Pause != nil:
		return w.Pause
	}
	return &pauseWork{}
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
