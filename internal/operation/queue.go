package operation

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// dispatch starts every operation whose turn it is. It is first come, first served
// for each name: an operation that must wait keeps its leases from those behind it,
// which may pass it only where they want nothing that it wants. e.mu is held.
func (e *Engine) dispatch() {
	if e.running == nil {
		return
	}
	if !slices.ContainsFunc(e.order, func(l *live) bool { return !l.driven && l.op.State != Blocked }) {
		return // nobody waits, as is usual when one of many ends
	}
	taken := make(map[string]string, len(e.order)) // lease -> the operation that holds or awaits it
	used := map[string]int{}                       // limit -> operations in it
	total := 0
	occupy := func(l *live) {
		total++
		for _, name := range l.op.Leases {
			taken[name] = l.op.ID
		}
		for _, name := range l.op.Limits {
			used[name]++
		}
	}
	for _, l := range e.order {
		switch {
		case l.driven:
			occupy(l)
		case l.op.State == Blocked && l.op.Started != nil: // it keeps its leases and does nothing
			for _, name := range l.op.Leases {
				taken[name] = l.op.ID
			}
		}
	}
	for _, l := range e.order { // what was in the middle of something goes before what is new
		if !l.driven && l.owner && l.op.State != Blocked {
			occupy(l)
			e.launch(l)
		}
	}
	for _, l := range e.order {
		if l.driven || l.owner || l.ending {
			continue
		}
		why := e.obstacle(l, taken, used, total)
		if why == "" {
			occupy(l)
			e.launch(l)
			continue
		}
		for _, name := range l.op.Leases {
			if taken[name] == "" {
				taken[name] = l.op.ID
			}
		}
		if l.op.Waiting != why {
			l.op.Waiting = why
			l.feed.publish(e.clk, EventWaiting, l.op, "")
		}
	}
}

// obstacle says in words why an operation cannot start now, "" if it can.
func (e *Engine) obstacle(l *live, taken map[string]string, used map[string]int, total int) string {
	for _, name := range l.op.Leases {
		id := taken[name]
		if id == "" {
			continue
		}
		other := e.live[id]
		if other == nil {
			return fmt.Sprintf("waits for %s", name)
		}
		verb := "holds"
		if !other.driven && !other.owner {
			verb = "is before it for"
		}
		return fmt.Sprintf("operation %s (%s) %s %s", id, other.op.Kind, verb, name)
	}
	for _, name := range l.op.Limits {
		if limit := e.limit(name); used[name] >= limit {
			return fmt.Sprintf("the limit of %s is reached (%d at a time)", name, limit)
		}
	}
	if total >= e.opts.Global {
		return fmt.Sprintf("%d operations are running, which is the limit", total)
	}
	return ""
}

func (e *Engine) limit(name string) int {
	if n, ok := e.opts.Limits[name]; ok {
		return n
	}
	family, _, _ := strings.Cut(name, "/")
	if n, ok := e.opts.Limits[family]; ok {
		return n
	}
	return 1
}

// launch gives an operation its goroutine, and a mark of work before that runs.
// e.mu is held.
func (e *Engine) launch(l *live) {
	l.driven = true
	l.op.Waiting = ""
	ctx, done := e.clk.Work(e.running)
	stepCtx, cancel := context.WithCancel(ctx)
	l.cancel = cancel
	if l.request != nil {
		cancel()
	}
	d := &drive{engine: e, live: l, ctx: ctx, stepCtx: stepCtx, op: l.op.clone()}
	e.wg.Go(func() {
		defer done()
		defer cancel()
		d.run()
		d.settle()
		e.mu.Lock()
		defer e.mu.Unlock()
		l.driven, l.owner = false, true
		l.unhand()
		if l.op.State.Ended() {
			l.feed.close(e.clk)
			e.drop(l.op.ID)
		}
		if l.op.State.Ended() || l.op.State == Blocked {
			e.dispatch()
		}
	})
}
