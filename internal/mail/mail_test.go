package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"encoding/base64"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
	"codeberg.org/accolade/accolade/internal/store"
)

var anne = contract.Actor{Who: "unix:anne", From: "socket"}

// start is when the time of each test begins.
var start = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// office is a queue with its relay.
type office struct {
	*testing.T
	queue *mail.Queue
	relay *smtp.Relay
	clk   *clocktest.Clock
	ctx   context.Context
	dir   string
}

// certificate is one for 127.0.0.1, and the roots that trust it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

func open(t *testing.T, conf smtp.Config) *office {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, clk: clocktest.Auto(start), dir: t.TempDir()}
	var roots *x509.CertPool
	conf.TLS, roots = certificate(t)
	conf.User, conf.Password, conf.Now = "accolade", "right", o.clk.Now
	o.relay = smtp.New(conf)
	go func() { _ = o.relay.Serve(listener) }()
	t.Cleanup(func() { _ = o.relay.Close() })
	ctx, done := o.clk.Work(t.Context())
	t.Cleanup(done)
	o.ctx = ctx
	o.queue = mail.New(mail.Options{DB: store.Memory(), Clock: o.clk, Folder: o.dir, Relay: &notify.Relay{
		Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, Security: notify.StartTLS, User: "accolade", From: "a@accolade.example", Roots: roots,
		Password: func() (secret.Value, error) { return secret.New("right"), nil }}})
	return o
}

var pdf = bytes.Repeat([]byte("%PDF-1.7\r\n.\r\n\x00\xff"), 999)

func letter(key string) mail.Letter {
	return mail.Letter{Key: key, Client: "kerlann", To: "anne@kerlann.example", ToName: "Anne Le Gall", FromName: "Accolade, coopérative", ReplyTo: "factures@accolade.example",
		Subject: "Votre facture F2026-0001 : 1 234,56 €", Text: "Bonjour,\n\n.\nUne ligne avec un point, des accents : é.\n", HTML: "<p>Bonjour</p>",
		Attachments: []mail.Attachment{{Name: "F2026-0001.pdf", Type: "application/pdf", Content: pdf}, {Name: "lettre.pdf", Type: "application/pdf", Content: []byte("letter")}}}
}

func (o *office) add(keys ...string) []mail.Mail {
	o.Helper()
	var letters []mail.Letter
	for _, k := range keys {
		letters = append(letters, letter(k))
	}
	list, err := o.queue.Add(anne, letters...)
	if err != nil {
		o.Fatal(err)
	}
	return list
}

// pass sends what is due and wants a mail in a state after it.
func (o *office) pass(id string, want mail.State) mail.Mail {
	o.Helper()
	if _, err := o.queue.Pass(o.ctx); err != nil {
		o.Fatal(err)
	}
	return o.is(id, want)
}

func (o *office) is(id string, want mail.State) mail.Mail {
	o.Helper()
	m, err := o.queue.Mail(id)
	if err != nil || m.State != want {
		o.Fatalf("mail %s is %s (%s) (%v), want %s", id, m.State, m.Why, err, want)
	}
	return m
}

func refuses(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error is %v, want one with %q", err, w)
		}
	}
}

// TestWhatArrives reads a mail back as the relay got it: over TLS, attachments equal to
// the byte, the same bytes as the preview's.
func TestWhatArrives(t *testing.T) {
	o := open(t, smtp.Config{})
	m := o.add("invoice/F2026-0001")[0]
	preview, err := o.queue.Message(m)
	if err != nil {
		t.Fatal(err)
	}
	m = o.pass(m.ID, mail.Sent)
	taken := o.relay.Mails()
	if len(taken) != 1 || !bytes.Equal(taken[0].Data, preview) || taken[0].To[0] != "anne@kerlann.example" || taken[0].From != "a@accolade.example" {
		t.Fatalf("the relay has %d mails; the first is not what was previewed, or of another envelope: %s", len(taken), taken[0].To)
	}
	if later, err := o.queue.Message(m); err != nil || !bytes.Equal(later, preview) {
		t.Errorf("after it was sent, the mail shows other bytes: %v", err)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(preview))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	from, err := msg.Header.AddressList("From")
	if err != nil || subject != letter("").Subject || from[0].Name != "Accolade, coopérative" || msg.Header.Get("Message-Id") != "<"+m.MessageID+">" {
		t.Errorf("subject %q, from %v, id %s (%v)", subject, from, msg.Header.Get("Message-Id"), err)
	}
	got := map[string]string{}
	leaves(t, msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), "", msg.Body, got)
	want := map[string]string{"text/plain": strings.ReplaceAll(letter("").Text, "\n", "\r\n"), "text/html": "<p>Bonjour</p>", "F2026-0001.pdf": string(pdf), "lettre.pdf": "letter"}
	for name, content := range want {
		if strings.ReplaceAll(got[name], "\r\n", "\n") != strings.ReplaceAll(content, "\r\n", "\n") || strings.HasSuffix(name, "pdf") && got[name] != content {
			t.Errorf("%s came as %d bytes %.60q, want %d", name, len(got[name]), got[name], len(content))
		}
	}
	if len(got) != len(want) {
		t.Errorf("the mail has %d parts, want %d", len(got), len(want))
	}
}

// leaves reads the parts of a message, by file name or media type.
func leaves(t *testing.T, kind, encoding, name string, body io.Reader, into map[string]string) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatalf("%q: %v", kind, err)
	}
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			leaves(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p, into)
		}
	}
	switch encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if name == "" {
		name = media
	}
	into[name] = string(content)
}

// TestOnce asks twice for the same occasion.
func TestOnce(t *testing.T) {
	o := open(t, smtp.Config{})
	first := o.add("invoice/F2026-0001", "invoice/F2026-0002")
	again := letter("invoice/F2026-0001")
	again.Subject = "something else"
	list, err := o.queue.Add(anne, again)
	if err != nil || list[0].ID != first[0].ID || list[0].Subject != first[0].Subject {
		t.Fatalf("the second letter is %s %q (%v), want %s as it was", list[0].ID, list[0].Subject, err, first[0].ID)
	}
	o.pass(first[1].ID, mail.Sent)
	o.add("invoice/F2026-0001")
	o.pass(first[0].ID, mail.Sent)
	if n := len(o.relay.Mails()); n != 2 {
		t.Errorf("the relay has %d mails, want 2", n)
	}
	files, err := os.ReadDir(o.dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%d files in the folder (%v), want each attachment once", len(files), err)
	}
}

// TestLater has a relay say not now: pauses grow, and after days it is given up.
func TestLater(t *testing.T) {
	asked := 0
	o := open(t, smtp.Config{Recipient: func(string) error { asked++; return smtp.Answer(450, "greylisted") }})
	id := o.add("k")[0].ID
	var last time.Duration
	for range 4 {
		m := o.pass(id, mail.Queued)
		pause := m.Next.Sub(o.clk.Now())
		if pause <= last || !strings.Contains(m.Why, "450") {
			t.Fatalf("the pause is %s after %s, because %q", pause, last, m.Why)
		}
		last = pause
		if _, err := o.queue.Pass(o.ctx); err != nil || asked != m.Attempts {
			t.Fatalf("the relay was asked %d times after %d attempts (%v)", asked, m.Attempts, err)
		}
		if err := o.clk.SleepUntil(o.ctx, m.Next); err != nil {
			t.Fatal(err)
		}
	}
	for {
		next, err := o.queue.Pass(o.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if next.IsZero() {
			break
		}
		if err := o.clk.SleepUntil(o.ctx, next); err != nil {
			t.Fatal(err)
		}
	}
	m := o.is(id, mail.Refused)
	if days := o.clk.Now().Sub(start).Hours() / 24; days < 5 || days > 5.5 || !strings.Contains(m.Why, "5 days") {
		t.Errorf("given up after %.1f days: %s", days, m.Why)
	}
	if len(m.History) > 4 {
		t.Errorf("%d events for the same answer again and again", len(m.History))
	}
}

// TestRefused has a relay say never, at each stage; nothing is tried again by itself.
func TestRefused(t *testing.T) {
	never := smtp.Answer(550, "no such user here")
	for name, conf := range map[string]smtp.Config{
		"sender":    {Sender: func(string) error { return never }},
		"recipient": {Recipient: func(to string) error { return map[bool]error{true: never}[to == "anne@kerlann.example"] }},
		"content":   {Content: func(m smtp.Mail) error { return map[bool]error{true: never}[m.To[0] == "anne@kerlann.example"] }},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, conf)
			list := o.add("k", "l")
			m := o.pass(list[0].ID, mail.Refused)
			o.is(list[1].ID, mail.Refused)
			if !strings.Contains(m.Why, "550") || !strings.Contains(m.Why, "no such user here") {
				t.Errorf("it says %q", m.Why)
			}
			o.pass(m.ID, mail.Refused)
			if name == "sender" {
				return
			}
			if _, err := o.queue.Retry(anne, m.ID, "nope"); err == nil {
				t.Error("an address that is none was taken")
			}
			if _, err := o.queue.Retry(anne, m.ID, "compta@kerlann.example"); err != nil {
				t.Fatal(err)
			}
			o.pass(m.ID, mail.Sent)
			if got := o.relay.Mails(); len(got) != 1 || got[0].To[0] != "compta@kerlann.example" {
				t.Errorf("the relay has %v", got)
			}
		})
	}
}

// TestRelayOfNoUse waits while the relay is away, lets nobody in, or cannot be spoken to
// in secret: that is no fault of the mails.
func TestRelayOfNoUse(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(o *office)
		want  string
	}{
		"away": {func(o *office) { _ = o.relay.Close() }, "refused"},
		"password": {func(o *office) {
			o.queue.Relay.Password = func() (secret.Value, error) { return secret.New("wrong-one"), nil }
		}, "535"},
		"no password": {func(o *office) {
			o.queue.Relay.Password = func() (secret.Value, error) { return secret.Value{}, errors.New("relay.password_file is not there") }
		}, "relay.password_file"},
		"certificate": {func(o *office) { o.queue.Relay.Roots = x509.NewCertPool() }, "certificate"},
		"no TLS": {func(o *office) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				o.Fatal(err)
			}
			plain := smtp.New(smtp.Config{Now: o.clk.Now})
			go func() { _ = plain.Serve(listener) }()
			o.Cleanup(func() { _ = plain.Close() })
			o.queue.Relay.Port = listener.Addr().(*net.TCPAddr).Port
		}, "offers no TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, smtp.Config{})
			list := o.add("k", "l")
			tc.spoil(o)
			for _, m := range list {
				if m = o.pass(m.ID, mail.Queued); !strings.Contains(m.Why, tc.want) || strings.Contains(m.Why, "wrong-one") {
					t.Errorf("it says %q, want %q in it", m.Why, tc.want)
				}
			}
			if n := len(o.relay.Mails()); n != 0 {
				t.Errorf("%d mails were sent", n)
			}
		})
	}
}

// TestDecisions goes through what humans may say, each allowed and refused.
func TestDecisions(t *testing.T) {
	o := open(t, smtp.Config{})
	list := o.add("a", "b")
	a, b := list[0].ID, list[1].ID
	_, err := o.queue.Bounce(anne, a, "mailbox full")
	refuses(t, err, "is queued", "comes back after it was sent")
	_, err = o.queue.Resend(anne, a)
	refuses(t, err, "is queued")
	_, err = o.queue.MarkSent(anne, a)
	refuses(t, err, "is queued")
	_, err = o.queue.Drop(anne, b, " ")
	refuses(t, err, "reason is missing")
	if _, err := o.queue.Drop(anne, b, "sent by post"); err != nil {
		t.Fatal(err)
	}
	o.pass(a, mail.Sent)
	o.is(b, mail.Dropped)
	for _, err := range []error{second(o.queue.Drop(anne, a, "x")), second(o.queue.Retry(anne, a, "")), second(o.queue.Retry(anne, b, ""))} {
		refuses(t, err, "is ")
	}
	if _, err := o.queue.Bounce(anne, a, "mailbox\n full"); err != nil {
		t.Fatal(err)
	}
	if m := o.is(a, mail.Bounced); m.Why != "mailbox full" {
		t.Errorf("it came back for %q", m.Why)
	}
	if _, err := o.queue.Retry(anne, a, ""); err != nil {
		t.Fatal(err)
	}
	m := o.pass(a, mail.Sent)
	if got := o.relay.Mails(); len(got) != 2 || !bytes.Equal(got[0].Data, got[1].Data) {
		t.Errorf("the relay has %d mails, want the same one again", len(got))
	}
	if len(m.History) != 7 {
		t.Errorf("its history has %d events: %+v", len(m.History), m.History)
	}
	_, err = o.queue.List(mail.Filter{State: "lost"})
	refuses(t, err, "state lost is refused", "doubtful")
}

func second[T any](_ T, err error) error { return err }

func TestBadLetters(t *testing.T) {
	o := open(t, smtp.Config{})
	for want, spoil := range map[string]func(*mail.Letter){
		"mail is missing":                func(l *mail.Letter) { l.To = "" },
		"mail anne is refused":           func(l *mail.Letter) { l.To = "anne" },
		"mail Anne <a@b.fr> is refused":  func(l *mail.Letter) { l.To = "Anne <a@b.fr>" },
		"mail andré@b.fr is refused":     func(l *mail.Letter) { l.To = "andré@b.fr" },
		`subject "a\nBcc: x" is refused`: func(l *mail.Letter) { l.Subject = "a\nBcc: x" },
		"subject is missing":             func(l *mail.Letter) { l.Subject = " " },
		"text is missing":                func(l *mail.Letter) { l.Text = "\n" },
		`text "\xff" is refused`:         func(l *mail.Letter) { l.Text = "\xff" },
		"attachment":                     func(l *mail.Letter) { l.Attachments[0].Name = "../x.pdf" },
		"relays take at most":            func(l *mail.Letter) { l.Attachments[0].Content = make([]byte, 13<<20) },
	} {
		l := letter("bad")
		spoil(&l)
		_, err := o.queue.Add(anne, letter("good"), l)
		refuses(t, err, want)
	}
	if all, err := o.queue.List(mail.Filter{}); err != nil || len(all) != 0 {
		t.Errorf("%d mails were queued beside bad ones (%v)", len(all), err)
	}
	o.queue.Relay = nil
	_, err := o.queue.Add(anne, letter("k"))
	refuses(t, err, "names no relay", "relay.host")
}

// TestAttachmentLost has a file go away between queueing and sending.
func TestAttachmentLost(t *testing.T) {
	o := open(t, smtp.Config{})
	m := o.add("k")[0]
	path := filepath.Join(o.dir, m.Files[0].SHA256+".pdf")
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m = o.pass(m.ID, mail.Refused); !strings.Contains(m.Why, "is not what it was") {
		t.Errorf("it says %q", m.Why)
	}
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.queue.Retry(anne, m.ID, ""); err != nil {
		t.Fatal(err)
	}
	o.pass(m.ID, mail.Sent)
}

// TestRun lets the queue work by itself: what is added is sent, what waits is tried when
// its time comes, and it ends when it is told.
func TestRun(t *testing.T) {
	asked := 0
	o := open(t, smtp.Config{Recipient: func(string) error {
		if asked++; asked < 3 {
			return smtp.Answer(451, "try again later")
		}
		return nil
	}})
	running, stop := context.WithCancel(o.ctx)
	marked, done := o.clk.Work(running)
	over := make(chan error, 1)
	go func() { defer done(); over <- o.queue.Run(marked) }()
	id := o.add("k")[0].ID
	if err := o.clk.Sleep(o.ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	m := o.is(id, mail.Sent)
	if want := start.Add(6 * time.Minute); !m.Sent.Equal(want) {
		t.Errorf("sent at %s, want %s: after a minute and five", m.Sent, want)
	}
	stop()
	o.clk.Idle(o.ctx, func() {
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// A store that is brought back from a copy may hold mails as waiting that were sent since.
func TestBroughtBack(t *testing.T) {
	o := open(t, smtp.Config{})
	sent, waits := o.add("a")[0].ID, ""
	o.pass(sent, mail.Sent)
	waits = o.add("b")[0].ID
	if err := o.queue.DB.Update(func(tx store.Tx) error {
		n, err := mail.Doubt(tx, start)
		if err == nil && n != 1 {
			t.Errorf("%d mails in doubt, want the one that waits", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	o.is(sent, mail.Sent)
	m := o.pass(waits, mail.Doubtful)
	if m.Why != "the store was brought back from a copy: it may have been sent since" {
		t.Errorf("in doubt because %q", m.Why)
	}
	if _, err := o.queue.Resend(anne, waits); err != nil {
		t.Fatal(err)
	}
	o.pass(waits, mail.Sent)
}
