package notify_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"codeberg.org/accolade/accolade/internal/notify"
)

// slowRelay answers each command after as long as slow says of its verb; "" is the
// greeting, "." the end of a mail. Below zero it never answers.
func slowRelay(conn net.Conn, slow map[string]time.Duration) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	answer := func(verb, line string) bool {
		wait := slow[verb]
		if wait < 0 {
			_, _ = lines.ReadString('\n') // until the other side has enough
			return false
		}
		time.Sleep(wait) // of the bubble's time
		_, err := conn.Write([]byte(line + "\r\n"))
		return err == nil
	}
	if !answer("", "220 relay") {
		return
	}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		switch verb {
		case "DATA":
			if !answer(verb, "354 go on") {
				return
			}
			for line != ".\r\n" {
				if line, err = lines.ReadString('\n'); err != nil {
					return
				}
			}
			if !answer(".", "250 taken") {
				return
			}
		case "QUIT":
			answer(verb, "221 bye")
			return
		default:
			if !answer(verb, "250 ok") {
				return
			}
		}
	}
}

// TestSlowRelay: a relay may take its time over each answer, as RFC 5321 gives it; one
// that takes longer has not got the mail, unless it was silent after the dot.
func TestSlowRelay(t *testing.T) {
	const minute = time.Minute
	for _, of := range []struct {
		name  string
		slow  map[string]time.Duration
		stop  time.Duration // after which the program stops
		taken bool
		want  notify.Outcome
		least time.Duration
		most  time.Duration
	}{
		{"slow but willing", map[string]time.Duration{"": 4 * minute, "EHLO": 4 * minute, "MAIL": 2 * minute, "RCPT": 2 * minute, ".": 9 * minute}, 0, true, 0, 21 * minute, 21 * minute},
		{"no greeting", map[string]time.Duration{"": -1}, 0, false, notify.Later, minute, 5 * minute},
		{"silent at the address", map[string]time.Duration{"RCPT": -1}, 0, false, notify.Later, 5 * minute, 6 * minute},
		{"silent after the dot", map[string]time.Duration{".": -1}, 0, false, notify.Unknown, 10 * minute, 10 * minute},
		{"no greeting, and the program stops", map[string]time.Duration{"": -1}, minute, false, notify.Later, minute, minute + 10*time.Second},
		{"silent after the dot, and the program stops", map[string]time.Duration{".": -1}, minute, false, notify.Unknown, minute, minute + 10*time.Second},
	} {
		t.Run(of.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				if of.stop > 0 {
					time.AfterFunc(of.stop, stop)
				}
				r := &notify.Relay{Host: "127.0.0.1", Port: 25, Security: notify.None, From: "a@accolade.example", Dial: func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go slowRelay(theirs, of.slow)
					return ours, nil
				}}
				began := time.Now()
				session, err := r.Open(ctx)
				if err == nil {
					err = session.Carry(ctx, "a@accolade.example", "b@kerlann.example", []byte("Subject: x\r\n\r\nx\r\n"), nil)
				}
				took := time.Since(began)
				if session != nil {
					session.Close()
				}
				failure, failed := errors.AsType[*notify.Failure](err)
				if of.taken != (err == nil) || !of.taken && (!failed || failure.Outcome != of.want) {
					t.Errorf("it came to %v, want taken %v or the outcome %v", err, of.taken, of.want)
				}
				if took < of.least || took > of.most {
					t.Errorf("it took %v, want %v to %v", took, of.least, of.most)
				}
			})
		})
	}
}
