package mailing_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
)

// TestDebitAfterTheMailWentOut: the days of the announcement count from when the relay took
// the mail, however early it was written; a mail that did not arrive announces nothing.
func TestDebitAfterTheMailWentOut(t *testing.T) {
	s, bills := firm(t)
	ctx := t.Context()
	clk := &clocktest.Own{Clock: s.Queue.Clock}
	s.Queue.Clock, bills.Clock = clk, clk
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := true
	relay := smtp.New(smtp.Config{Now: clk.Now, Recipient: func(string) error {
		if away {
			return smtp.Answer(451, "not now")
		}
		return nil
	}})
	go func() { _ = relay.Serve(listener) }()
	t.Cleanup(func() { _ = relay.Close() })
	s.Queue.Relay = &notify.Relay{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Security: notify.None, From: "a@accolade.example"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	until := func(day int) {
		clk.Set(time.Date(2026, 10, day, 8, 0, 0, 0, time.UTC).Sub(clk.Now()))
	}
	// why says why Kerlann's invoice is left out on a day; empty: it is not.
	why := func(month time.Month, day int) string {
		t.Helper()
		p, err := bills.PlanDebits(calendar.NewDate(2026, month, day))
		must(err)
		for _, n := range p.Not {
			if n.Invoice == "F2026-0001" {
				return n.Why
			}
		}
		return ""
	}
	pass := func() {
		t.Helper()
		_, err := s.Queue.Pass(ctx)
		must(err)
	}
	items, err := s.SendMonth(ctx, anne, september) // on 2 October; the debit is told for the 30th
	must(err)
	id := items[0].Mail
	pass()
	until(5)
	if got := why(time.October, 30); got != "its mail "+id+" is queued, so the client was not told: accolade mail show "+id {
		t.Errorf("while the mail waits: %q", got)
	}
	until(20)
	away = false
	_, err = s.Queue.Retry(anne, id, "")
	must(err)
	pass()
	if m, err := s.Queue.Mail(id); err != nil || m.State != mail.Sent {
		t.Fatalf("the mail is %s (%v)", m.State, err)
	}
	if got := why(time.October, 30); got != "its mail went out on 2026-10-20, and the client has to know 14 days before: from 2026-11-03 on" {
		t.Errorf("ten days after the mail: %q", got)
	}
	if got := why(time.November, 3); got != "" {
		t.Errorf("fourteen days after the mail: %q", got)
	}
	_, err = s.Queue.Bounce(anne, id, "mailbox full")
	must(err)
	if got := why(time.November, 3); !strings.Contains(got, "is bounced, so the client was not told") {
		t.Errorf("after the mail came back: %q", got)
	}
	_, err = s.Queue.Drop(anne, id, "sent by post")
	must(err)
	if got := why(time.November, 2); got != "its mail was dropped, to go another way, on 2026-10-20, and the client has to know 14 days before: from 2026-11-03 on" {
		t.Errorf("by post: %q", got)
	}
	until(21)
	order, err := bills.OrderDebits(anne, calendar.NewDate(2026, 11, 3), "")
	must(err)
	if len(order.Order.Debits) != 1 || order.Order.Debits[0].Invoice != "F2026-0001" {
		t.Errorf("the order collects %+v", order.Order.Debits)
	}
}
