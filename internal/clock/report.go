package clock

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// moment is what the sandbox answers; see the time handler of the sandbox.
type moment struct {
	Now   time.Time `json:"now"`
	Speed float64   `json:"speed"`
	Jump  bool      `json:"jump"`
}

// report keeps one wait request open whenever nobody here works, and always while
// time runs at wall pace.
func (f *Follower) report(ctx context.Context) {
	defer close(f.ended)
	for {
		w, ok := f.awaited()
		if !ok {
			select {
			case <-f.change:
				continue
			case <-ctx.Done():
				f.stop(ctx.Err())
				return
			}
		}
		m, err := f.wait(ctx, w)
		if err != nil {
			f.stop(err)
			return
		}
		f.hear(m)
		f.wakeDue()
	}
}

// waiting reports that nobody here works, or that time is believed to run at wall pace.
type waiting struct {
	Seq   uint64    `json:"seq"`
	Jump  bool      `json:"jump"` // the mode believed in; a wait in the wrong belief ends at once
	Until time.Time `json:"until,omitzero"`
}

// awaited is the wait to report, if there is one.
func (f *Follower) awaited() (w waiting, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.jump && f.working > 0 {
		return waiting{}, false
	}
	f.told = true
	f.seq++
	w = waiting{Seq: f.seq, Jump: f.jump}
	if f.sleepers.Len() > 0 {
		w.Until = f.sleepers[0].at
	}
	return w, true
}

// wait reports the wait and returns when it is over. A sleeper that comes in
// meanwhile and wants to be woken earlier makes the report obsolete: the sandbox is
// told busy, which ends the request, and the next report has the new instant.
func (f *Follower) wait(ctx context.Context, w waiting) (moment, error) {
	type result struct {
		m   moment
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = f.call(ctx, http.MethodPost, "/wait", w, &r.m)
		done <- r
	}()
	for {
		select {
		case r := <-done:
			f.mu.Lock()
			f.told = false
			f.mu.Unlock()
			return r.m, r.err
		case <-f.change:
			if !f.obsolete(w.Until) {
				continue
			}
			if err := f.tellBusy(ctx); err != nil && ctx.Err() == nil {
				f.stop(err)
			}
		}
	}
}

func (f *Follower) obsolete(until time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sleepers.Len() > 0 && (until.IsZero() || f.sleepers[0].at.Before(until))
}

// tellBusy ends the wait that the sandbox believes in, even one that it has yet to
// receive: reports are numbered, and a wait older than what it knows is void.
func (f *Follower) tellBusy(ctx context.Context) error {
	in := struct {
		Seq uint64 `json:"seq"`
	}{f.number()}
	var m moment
	if err := f.call(ctx, http.MethodPost, "/busy", in, &m); err != nil {
		return err
	}
	f.hear(m)
	return nil
}

func (f *Follower) number() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	return f.seq
}

// call asks the sandbox, as this participant.
func (f *Follower) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, f.base+path, body)
	if err != nil {
		return err
	}
	res, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, req.URL, res.Status, bytes.TrimSpace(answer))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
