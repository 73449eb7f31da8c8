// Package smtp simulates the relay through which the mail of servers and controller
// goes out: it takes what it is given, after AUTH PLAIN, and keeps it to be read.
// It delivers nothing. What it refuses, its Config says.
package smtp

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// Mail is one message as it came.
type Mail struct {
	Received time.Time `json:"received"`
	From     string    `json:"from"`
	To       []string  `json:"to"`
	Subject  string    `json:"subject"`
	Data     []byte    `json:"data"` // RFC 5322, as received
}

// Config of a relay.
type Config struct {
	User, Password string           // what AUTH must say; both empty: nobody may log in, all may send
	Now            func() time.Time // simulated time
	TLS            *tls.Config      // offered by STARTTLS; nil: none
	// Sender, Recipient and Content judge a mail at its stages; nil takes all. Answer
	// makes an error that is a code.
	Sender    func(from string) error
	Recipient func(to string) error
	Content   func(Mail) error
}

// ErrHangUp has the relay take a mail, and go away without an answer.
var ErrHangUp = errors.New("the relay hangs up")

// Answer is what the relay says when it does not take something: 450 for not now, 550
// for never.
func Answer(code int, text string) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}

// Relay is one simulated relay.
type Relay struct {
	cfg    Config
	server *gosmtp.Server
	mu     sync.Mutex
	mails  []Mail
}

// New makes a relay; Serve lets it answer.
func New(cfg Config) *Relay {
	r := &Relay{cfg: cfg}
	r.server = gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &session{relay: r, conn: c}, nil
	}))
	r.server.Domain = "relay.sandbox"
	r.server.TLSConfig = cfg.TLS
	r.server.AllowInsecureAuth = true // loopback only
	r.server.MaxMessageBytes = 32 << 20
	r.server.MaxRecipients = 100
	r.server.ReadTimeout = time.Minute
	r.server.WriteTimeout = time.Minute
	return r
}

// Serve answers connections until Close.
func (r *Relay) Serve(l net.Listener) error {
	if err := r.server.Serve(l); err != nil && !errors.Is(err, gosmtp.ErrServerClosed) {
		return fmt.Errorf("relay: %w", err)
	}
	return nil
}

// Close ends all connections.
func (r *Relay) Close() error { return r.server.Close() }

// Mails are the messages taken so far, oldest first.
func (r *Relay) Mails() []Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Mail{}, r.mails...)
}

// MarshalJSON gives the relay's state.
func (r *Relay) MarshalJSON() ([]byte, error) { return json.Marshal(r.Mails()) }

// UnmarshalJSON replaces the relay's state by a saved one.
func (r *Relay) UnmarshalJSON(data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return json.Unmarshal(data, &r.mails)
}

type session struct {
	relay  *Relay
	conn   *gosmtp.Conn
	authed bool
	from   string
	to     []string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.relay.cfg.User == "" || user != s.relay.cfg.User || password != s.relay.cfg.Password {
			return gosmtp.ErrAuthFailed
		}
		s.authed = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	if s.relay.cfg.User != "" && !s.authed {
		return gosmtp.ErrAuthRequired
	}
	if judge := s.relay.cfg.Sender; judge != nil {
		if err := judge(from); err != nil {
			return err
		}
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if judge := s.relay.cfg.Recipient; judge != nil {
		if err := judge(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 6, 0}, Message: "not a message: " + err.Error()}
	}
	taken := Mail{Received: s.relay.cfg.Now(), From: s.from, To: s.to, Subject: msg.Header.Get("Subject"), Data: data}
	if judge := s.relay.cfg.Content; judge != nil {
		switch err := judge(taken); {
		case errors.Is(err, ErrHangUp):
			defer s.conn.Conn().Close()
		case err != nil:
			return err
		}
	}
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	s.relay.mails = append(s.relay.mails, taken)
	return nil
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }
