package crashtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/store"
)

// errCut is what a controller that was cut off gets from its store and its network.
var errCut = errors.New("cut off by the crash harness")

// events are what left a controller in one life.
type events struct {
	requests int // to the counterparts
	commits  int // of the store
	effects  int // on files
}

func (e events) all() int { return e.requests + e.commits + e.effects }

// line is what ties a controller to the world outside: its store, its network, its disk.
// Events on it happen one after the other and are numbered from 1.
type line struct {
	clk *clocktest.Clock
	at  point

	mu     sync.Mutex
	so     events
	commit int    // number of the commit under way; they come one at a time
	event  string // the one at the cut
	cut    bool
	end    func() // ends the controller's life
	// before and after are asked at each commit; disturbed is what after returned.
	before, after func() error
	disturbed     error
	mark          func() // of work, held from the cut until the harness has noticed it
}

func newLine(clk *clocktest.Clock, at point) *line { return &line{clk: clk, at: at} }

func (l *line) onCut(end func()) { l.end = end }

func (l *line) isCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

func (l *line) counted() events {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.so
}

// settle lets go of the mark that the cut took: the controller has ended.
func (l *line) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mark != nil {
		l.mark()
	}
}

// begin counts an event, and refuses it if the controller is cut off before it.
// counter is one of l.so; number tells later whether to cut behind it.
func (l *line) begin(counter *int, event string) (number int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return 0, errCut
	}
	*counter++
	number = l.so.all()
	if number == l.at.n {
		l.event = fmt.Sprintf("right %s event %d, %s", map[bool]string{true: "after", false: "before"}[l.at.after], number, event)
		if !l.at.after {
			l.sever()
			return number, errCut
		}
	}
	return number, nil
}

// done ends an event; true means that the controller was cut off behind it.
func (l *line) done(number int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number != l.at.n || !l.at.after {
		return false
	}
	l.sever()
	return true
}

func (l *line) sever() {
	l.cut = true
	_, l.mark = l.clk.Work(context.Background())
	l.end()
}

// disturb has something beside the cuts stand between the controller and its store.
func (l *line) disturb(db store.DB, by disturbance) {
	l.before = by.before
	if by.after != nil {
		l.after = func() error { return by.after(db) }
	}
}

// BeforeCommit implements store.Observer.
func (l *line) BeforeCommit() error {
	if l.before != nil {
		if err := l.before(); err != nil {
			return err
		}
	}
	number, err := l.begin(&l.so.commits, "a commit")
	l.commit = number
	return err
}

// AfterCommit implements store.Observer.
func (l *line) AfterCommit() {
	if l.after != nil && l.disturbed == nil {
		l.disturbed = l.after()
	}
	l.done(l.commit)
}

// wire is a transport over the line.
type wire struct {
	line *line
	next http.RoundTripper
}

// RoundTrip sends a request, or does not, or loses its answer.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	number, err := w.line.begin(&w.line.so.requests, fmt.Sprintf("the request %s %s", r.Method, r.URL.Path))
	if err != nil {
		return nil, err
	}
	resp, err := w.next.RoundTrip(r)
	if w.line.done(number) || w.line.isCut() {
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, errCut
	}
	return resp, err
}
