package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"codeberg.org/accolade/accolade/internal/sim/smtp"
)

// relay is a script's mail relay.
type relay struct {
	*smtp.Relay
	mu     sync.Mutex
	refuse string // this address
	hangUp bool   // at the next mail
}

var relays sync.Map // *testscript.TestScript → *relay

// relayCommand is a simulated mail relay on this machine:
//
//	relay start                sets RELAY_PORT
//	relay refuse ADDRESS       from now on, for good
//	relay hang-up              take the next mail, and go away without an answer
//	relay await MAIL STATE     until the controller says so of a mail
//	relay list                 what it took, to stdout
func relayCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: relay start|refuse|hang-up|await|list")
	}
	if args[0] == "start" {
		startRelay(ts)
		return
	}
	v, ok := relays.Load(ts)
	if !ok {
		ts.Fatalf("no relay was started")
	}
	r := v.(*relay)
	switch args[0] {
	case "refuse":
		r.mu.Lock()
		r.refuse = args[1]
		r.mu.Unlock()
	case "hang-up":
		r.mu.Lock()
		r.hangUp = true
		r.mu.Unlock()
	case "list":
		taken := r.Mails()
		fmt.Fprintf(ts.Stdout(), "%d taken\n", len(taken))
		for _, m := range taken {
			fmt.Fprintf(ts.Stdout(), "%s\n", m.To[0])
		}
	case "await":
		awaitMail(ts, args[1], args[2])
	}
}

func startRelay(ts *testscript.TestScript) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	r := &relay{}
	r.Relay = smtp.New(smtp.Config{Now: time.Now, Recipient: func(to string) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if to == r.refuse {
			return smtp.Answer(550, "no such user here")
		}
		return nil
	}, Content: func(smtp.Mail) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.hangUp {
			r.hangUp = false
			return smtp.ErrHangUp
		}
		return nil
	}})
	go func() { _ = r.Serve(listener) }()
	ts.Defer(func() { _ = r.Close() })
	ts.Setenv("RELAY_PORT", fmt.Sprint(listener.Addr().(*net.TCPAddr).Port))
	relays.Store(ts, r)
}

// awaitMail asks again until a mail is in a state.
func awaitMail(ts *testscript.TestScript, id, state string) {
	var out strings.Builder
	for end := time.Now().Add(time.Minute); time.Now().Before(end); { // only a failure takes so long
		out.Reset()
		errOut := strings.Builder{}
		e := newEnv(strings.NewReader(""), &out, &errOut, ts.Getenv)
		if run(context.Background(), []string{"mail", "show", id, "-o", "json", "--socket", ts.Getenv("ACCOLADE_SOCKET")}, e) != 0 {
			ts.Fatalf("mail %s: %s", id, errOut.String())
		}
		if strings.Contains(out.String(), `"state": "`+state+`",`+"\n  \"") || strings.Contains(out.String(), "\n  \"state\": \""+state+`"`) {
			return
		}
	}
	ts.Fatalf("mail %s is not %s:\n%s", id, state, out.String())
}
