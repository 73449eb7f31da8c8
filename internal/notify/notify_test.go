package notify_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
)

func relay(t *testing.T, user, password string) (*smtp.Relay, *net.TCPAddr) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := smtp.New(smtp.Config{User: user, Password: password, Now: time.Now})
	go r.Serve(l)
	t.Cleanup(func() { r.Close() })
	return r, l.Addr().(*net.TCPAddr)
}

func mailer(addr *net.TCPAddr, password string) *notify.Mailer {
	return &notify.Mailer{To: "team@accolade.example", Clock: clock.Real(), Relay: &notify.Relay{Host: addr.IP.String(), Port: addr.Port, Security: notify.None, User: "accolade",
		From: "a@accolade.example", Password: func() (secret.Value, error) { return secret.New(password), nil }}}
}

func TestSend(t *testing.T) {
	r, addr := relay(t, "accolade", "right")
	m := mailer(addr, "right")
	for range 2 {
		if err := m.Send(t.Context(), "night/2026-10-25", "Sauvegarde distante manquante : é", "Le coffre ne répond pas.\nDepuis 02:00."); err != nil {
			t.Fatal(err)
		}
	}
	mails := r.Mails()
	if len(mails) != 2 || mails[0].From != "a@accolade.example" || mails[0].To[0] != "team@accolade.example" {
		t.Fatalf("relay has %+v", mails)
	}
	id := func(i int) string {
		_, rest, _ := strings.Cut(string(mails[i].Data), "Message-ID: ")
		line, _, _ := strings.Cut(rest, "\r\n")
		return line
	}
	if id(0) == "" || id(0) != id(1) {
		t.Errorf("the same occasion has the ids %q and %q", id(0), id(1))
	}
}

func TestRefusals(t *testing.T) {
	_, addr := relay(t, "accolade", "right")
	err := mailer(addr, "wrong-secret").Send(t.Context(), "k", "s", "t")
	if err == nil || strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("wrong password: %v", err)
	}
	m := mailer(addr, "right")
	m.Relay.Security = notify.StartTLS
	if err := m.Send(t.Context(), "k", "s", "t"); err == nil || !strings.Contains(err.Error(), "offers no TLS") {
		t.Errorf("a relay without STARTTLS was given a mail and a password: %v", err)
	}
	m = mailer(&net.TCPAddr{IP: addr.IP, Port: 1}, "right")
	err = m.Send(t.Context(), "k", "s", "t")
	if f, ok := errors.AsType[*notify.Failure](err); !ok || f.Outcome != notify.Later {
		t.Errorf("nobody there: %v, wanted is a failure that may pass", err)
	}
	if (&notify.Mailer{}).Enabled() || (*notify.Mailer)(nil).Enabled() || !m.Enabled() {
		t.Error("Enabled is wrong")
	}
}
