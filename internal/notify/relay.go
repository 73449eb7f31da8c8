package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Security is how the connection to the relay is protected.
type Security string

// The three ways.
const (
	StartTLS Security = "starttls" // required: without it nothing is sent
	TLS      Security = "tls"      // from the first byte
	None     Security = "none"     // on this machine or in a sandbox only
)

// Relay is the server that takes our mail and brings it on. The zero value takes none.
type Relay struct {
	Host     string
	Port     int
	Security Security
	User     string // empty: the relay takes mail from our address without a login
	Password func() (secret.Value, error)
	From     string         // the address that sends
	Roots    *x509.CertPool // whose certificates are trusted; nil: the machine's
	// Dial connects; nil: by the network of the machine.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Enabled says whether there is a relay.
func (r *Relay) Enabled() bool { return r != nil && r.Host != "" }

// How long things may take, in real time.
const (
	patience = 5 * time.Minute  // an answer of the relay (RFC 5321, 4.5.3.2)
	arrival  = time.Minute      // a connection
	slowest  = 10_000           // bytes of a mail in a second, on a thin line
	verdict  = 10 * time.Minute // the answer to the dot (RFC 5321, 4.5.3.2.6)
	grace    = 5 * time.Second  // the same, when the program stops meanwhile
)

// Session is a connection to the relay that takes one mail after the other.
type Session struct {
	relay  *Relay
	client *smtp.Client
	conn   net.Conn
}

// Open connects and logs in. It refuses a relay that cannot be spoken to in secret,
// unless None was chosen. An error is a *Failure.
func (r *Relay) Open(ctx context.Context) (*Session, error) {
	s := &Session{relay: r}
	rest := func() bool { return true }
	client, err := r.client(func(connecting context.Context, network, address string) (net.Conn, error) {
		connecting, cancel := context.WithTimeout(connecting, arrival)
		defer cancel()
		dial := r.Dial
		if dial == nil {
			dial = (&net.Dialer{}).DialContext
		}
		conn, err := dial(connecting, network, address)
		if err != nil {
			return nil, err
		}
		if s.conn = conn; r.Security == TLS {
			secured := tls.Client(conn, r.tls())
			if err := secured.HandshakeContext(connecting); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			s.conn = secured
		}
		rest = s.hurry(ctx)
		return s.conn, nil
	})
	if err != nil {
		return nil, r.later(err)
	}
	defer func() { rest() }()
	if s.client, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		if s.conn != nil {
			_ = s.conn.Close() // nothing was said on it that matters
		}
		if r.Security != None && strings.Contains(err.Error(), "does not support STARTTLS") { // the library has no type for it
			err = errors.New("it offers no TLS (STARTTLS), and mail is never sent in clear: set relay.security to tls, or another relay")
		}
		return nil, r.later(err)
	}
	return s, nil
}

// Carry hands one message over. Before the dot that ends it, last is called, if there
// is one: until the dot the relay has no mail (RFC 5321, 4.1.1.4), so an error of last
// takes all back. An error is a *Failure, unless it is last's.
func (s *Session) Carry(ctx context.Context, from, to string, message []byte, last func() error) error {
	if err := s.within(ctx, patience+time.Duration(len(message)/slowest)*time.Second); err != nil {
		return s.relay.later(err)
	}
	defer s.hurry(ctx)()
	if err := s.client.Mail("<" + from + ">"); err != nil {
		return s.relay.answered("the sender "+from, err)
	}
	if err := s.client.Rcpt("<" + to + ">"); err != nil {
		return s.relay.answered("the address "+to, err)
	}
	w, err := s.client.Data()
	if err != nil {
		return s.relay.answered("the mail", err)
	}
	if _, err := w.Write(message); err != nil {
		return s.relay.later(err)
	}
	if err = s.within(ctx, verdict); err != nil {
		err = s.relay.later(err)
	} else if last != nil {
		err = last()
	}
	if err != nil {
		_ = s.conn.Close() // before the dot: the relay forgets it
		return err
	}
	if err := w.Close(); err != nil {
		failure := s.relay.answered("the mail", err)
		if failure.Code == 0 {
			failure.Outcome = Unknown
		}
		return failure
	}
	return nil
}

// hurry leaves the relay little time for its answer once the program stops, until rest
// is called.
func (s *Session) hurry(ctx context.Context) (rest func() bool) {
	return context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(clock.Real().Now().Add(grace)) })
}

// within bounds what is said from now on.
func (s *Session) within(ctx context.Context, d time.Duration) error {
	if err := s.client.UpdateDeadline(d); err != nil {
		return err
	}
	return ctx.Err()
}

// Ready has the session take another mail after one that was refused; false: it is of
// no use any more.
func (s *Session) Ready() bool { return s.client.Reset() == nil }

// Close ends the session. What it was given stays given.
func (s *Session) Close() {
	if s.client.UpdateDeadline(time.Second) == nil {
		_ = s.client.Quit() // a courtesy
	}
	_ = s.conn.Close()
}

func (r *Relay) tls() *tls.Config {
	return &tls.Config{ServerName: r.Host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12}
}

func (r *Relay) client(dial mail.DialContextFunc) (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(r.Port), mail.WithTimeout(patience), mail.WithTLSConfig(r.tls()), mail.WithDialContextFunc(dial),
		mail.WithoutSMTPUTF8()} // no address of ours needs it, and not every server on the way knows it
	kind := mail.SMTPAuthPlain
	switch r.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
		kind = mail.SMTPAuthPlainNoEnc
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if r.User != "" {
		password, err := r.Password()
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		options = append(options, mail.WithSMTPAuth(kind), mail.WithUsername(r.User), mail.WithPassword(password.Reveal()))
	}
	return mail.NewClient(r.Host, options...)
}

// Outcome says what became of a mail that was not taken in the usual way.
type Outcome int

// The outcomes.
const (
	Later   Outcome = iota // the relay has not got it, and may take it later
	Refused                // the relay will never take it
	Unknown                // all was said, and the answer is lost: the relay may have it
)

// Failure is a mail that the relay did not take, or of which nobody knows. Its text
// holds no secret.
type Failure struct {
	Outcome Outcome
	Code    int // of the relay's answer; 0: there was none
	What    string
}

func (f *Failure) Error() string { return f.What }

// later is a failure before the relay had anything.
func (r *Relay) later(err error) *Failure {
	return &Failure{What: fmt.Sprintf("relay %s: %v", r.Host, err)}
}

// answered is what the relay said to a part of a mail.
func (r *Relay) answered(what string, err error) *Failure {
	said, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return r.later(err)
	}
	f := &Failure{Code: said.Code, What: fmt.Sprintf("relay %s refuses %s: %d %s", r.Host, what, said.Code, said.Msg)}
	if said.Code/100 == 5 && said.Code != 530 && said.Code != 535 { // these are about our login, not about the mail
		f.Outcome = Refused
	}
	return f
}
