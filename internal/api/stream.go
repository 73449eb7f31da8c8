package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
)

// Event is one server-sent event.
type Event struct {
	ID   string // what a reconnect asks to go on after
	Name string
	Data []byte // JSON
}

// patience is how long Stream tries to reach a controller that went away, such as
// one that is being restarted.
const patience = 2 * time.Minute

// Stream follows the events at path until each returns false or an error. When the
// connection is lost it connects anew and goes on after the last event that it saw,
// so that a follower outlives a restart of the controller. A controller that is not
// there at the first attempt is *Unreachable at once.
func (c *Client) Stream(ctx context.Context, path string, each func(Event) (more bool, err error)) error {
	var last string
	var connected bool
	var lostAt time.Time
	clk := clock.Real() // the network's patience is real, whatever time the controller lives in
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		header := http.Header{}
		if last != "" {
			header.Set("Last-Event-ID", last)
		}
		resp, err := c.send(ctx, http.MethodGet, path, nil, "text/event-stream", header)
		if err == nil {
			connected, lostAt, wait = true, time.Time{}, 100*time.Millisecond
			var ended bool
			ended, err = readEvents(resp.Body, func(ev Event) (bool, error) {
				if ev.ID != "" {
					last = ev.ID
				}
				return each(ev)
			})
			resp.Body.Close()
			if ended {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !connected {
			return err
		}
		if refused, ok := errors.AsType[*Error](err); ok && refused.Code != CodeUnavailable {
			return err
		}
		if lostAt.IsZero() {
			lostAt = clk.Now()
		} else if clk.Now().Sub(lostAt) > patience {
			return fmt.Errorf("the controller did not come back within %s: %w", patience, err)
		}
		if err := clk.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// readEvents parses a stream of events as the HTML standard writes them. ended says
// that each wanted no more.
func readEvents(r io.Reader, each func(Event) (bool, error)) (ended bool, err error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, 4<<20)
	var ev Event
	for scan.Scan() {
		line := scan.Text()
		if line == "" {
			if len(ev.Data) > 0 {
				if more, err := each(ev); !more || err != nil {
					return true, err
				}
			}
			ev = Event{}
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			ev.ID = value
		case "event":
			ev.Name = value
		case "data":
			if len(ev.Data) > 0 {
				ev.Data = append(ev.Data, '\n')
			}
			ev.Data = append(ev.Data, value...)
		}
	}
	if err := scan.Err(); err != nil {
		return false, fmt.Errorf("event stream: %w", err)
	}
	return false, io.ErrUnexpectedEOF
}
