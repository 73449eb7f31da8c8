package mail_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// arrived is how many times the relay took a mail, by occasion, and what the store says.
type arrived struct {
	Times map[string]int
	State map[string]mail.State
}

// fates are the ends of all mails.
func fates(db store.DB, relay *smtp.Relay) (any, error) {
	a := arrived{map[string]int{}, map[string]mail.State{}}
	list, err := mail.New(mail.Options{DB: db}).List(mail.Filter{})
	for _, m := range list {
		a.State[m.Key] = m.State
		for _, taken := range relay.Mails() {
			if bytes.Contains(taken.Data, []byte(m.MessageID)) {
				a.Times[m.Key]++
			}
		}
	}
	return a, err
}

// TestCrashMail cuts the controller off at every word that it says to the relay, every commit
// and everything that it does to a file. What is in doubt after that is settled as the
// guide says, by a look into the relay's log: in the end each mail went out once.
func TestCrashMail(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		relay := smtp.New(smtp.Config{Now: clk.Now})
		go func() { _ = relay.Serve(listener) }()
		dir := t.TempDir()
		var queue *mail.Queue
		return crashtest.World{
			Close: func() { _ = relay.Close() },
			Controller: func(c *crashtest.Controller) error {
				disk := c.Disk(wholefile.OS)
				queue = mail.New(mail.Options{DB: c.DB, Clock: c.Clock, Folder: dir, Disk: disk, Relay: &notify.Relay{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port,
					Security: notify.None, From: "a@accolade.example", Dial: c.Dial((&net.Dialer{}).DialContext)}})
				return wholefile.Sweep(disk, dir)
			},
			Work: func(c *crashtest.Controller) error {
				ctx := c.Context
				if err := queue.Recover(); err != nil {
					return err
				}
				if _, err := queue.Add(anne, small("invoice/F2026-0001"), small("invoice/F2026-0002")); err != nil {
					return err
				}
				return drain(ctx, queue)
			},
			State: func(ctx context.Context, db store.DB) (any, error) {
				after := mail.New(mail.Options{DB: db, Clock: clk, Folder: dir, Relay: &notify.Relay{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port,
					Security: notify.None, From: "a@accolade.example"}})
				if err := settle(after, relay); err != nil {
					return nil, err
				}
				if err := drain(ctx, after); err != nil {
					return nil, err
				}
				return fates(db, relay)
			},
		}
	})
}

func small(key string) mail.Letter {
	return mail.Letter{Key: key, To: "anne@kerlann.example", Subject: "Facture", Text: "Bonjour\n", Attachments: []mail.Attachment{{Name: key[8:] + ".pdf", Type: "application/pdf", Content: []byte(key)}}}
}

// drain sends until nothing is queued.
func drain(ctx context.Context, q *mail.Queue) error {
	for {
		next, err := q.Pass(ctx)
		if err != nil || next.IsZero() {
			return err
		}
		if err := q.Clock.SleepUntil(ctx, next); err != nil {
			return err
		}
	}
}

// settle is the human who looks into the relay's log.
func settle(q *mail.Queue, relay *smtp.Relay) error {
	doubtful, err := q.List(mail.Filter{State: mail.Doubtful})
	for _, m := range doubtful {
		decide := q.Resend
		for _, taken := range relay.Mails() {
			if bytes.Contains(taken.Data, []byte(m.MessageID)) {
				decide = q.MarkSent
			}
		}
		if _, err := decide(anne, m.ID); err != nil {
			return err
		}
	}
	return err
}

// TestLostAnswers breaks the connection at each thing that is said in one mail, and the
// controller lives: only the dot leaves a doubt, all before it is said again by itself.
func TestLostAnswers(t *testing.T) {
	doubts, again := 0, 0
	for cut := 1; ; cut++ {
		o := open(t, smtp.Config{})
		o.queue.Relay.Security = notify.None // each word is one write
		said, after := 0, false
		o.queue.Relay.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &deaf{conn, func(word []byte) bool { said++; after = said == cut; return after }}, err
		}
		id := o.add(fmt.Sprintf("invoice/%d", cut))[0].ID
		if _, err := o.queue.Pass(o.ctx); err != nil {
			t.Fatal(err)
		}
		m, err := o.queue.Mail(id)
		if err != nil {
			t.Fatal(err)
		}
		taken := len(o.relay.Mails())
		switch m.State {
		case mail.Sent:
			if taken != 1 {
				t.Errorf("cut at word %d: sent, and the relay has %d", cut, taken)
			}
			if said < cut { // there was no such word
				if doubts != 1 || again < 5 {
					t.Errorf("%d cuts left a doubt, after %d the mail was tried again by itself; want 1, and the others", doubts, again)
				}
				return
			}
		case mail.Doubtful:
			doubts++
			if taken != 1 {
				t.Errorf("cut at word %d: in doubt, and the relay has %d", cut, taken)
			}
		case mail.Queued:
			again++
			if taken != 0 {
				t.Errorf("cut at word %d: it will be sent, and the relay has it", cut)
			}
		default:
			t.Errorf("cut at word %d: %s, %s", cut, m.State, m.Why)
		}
	}
}

// deaf is a connection that sends a word and hears nothing after it.
type deaf struct {
	net.Conn
	last func([]byte) bool
}

func (d *deaf) Write(p []byte) (int, error) {
	n, err := d.Conn.Write(p)
	if d.last(p) {
		half, ok := d.Conn.(*net.TCPConn)
		if ok && half.CloseWrite() == nil {
			buf := make([]byte, 512)
			for {
				if _, err := half.Read(buf); err != nil {
					break
				}
			}
		}
		_ = d.Conn.Close()
	}
	return n, err
}
