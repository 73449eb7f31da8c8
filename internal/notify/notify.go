// Package notify tells people: today by mail through the cooperative's relay. It
// sends what it is given and says whether it went out; it does not decide what is
// worth telling, and it keeps nothing.
package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/wneessen/go-mail"

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

// Mailer sends mail through one relay. The zero value sends nothing.
type Mailer struct {
	Host     string
	Port     int
	Security Security
	User     string // empty: the relay takes mail from our address without a login
	Password func() (secret.Value, error)
	From, To string
	Clock    clock.Clock
}

// Enabled says whether there is somebody to tell, and a relay to do it.
func (m *Mailer) Enabled() bool { return m != nil && m.Host != "" && m.To != "" }

// sendTimeout bounds one attempt, in real time.
const sendTimeout = time.Minute

// Send hands one mail to the relay. key identifies the occasion: it becomes the
// Message-ID, so that a mail sent again after a crash is the same mail. Errors hold
// no secret; temporary says whether the relay may take it later.
func (m *Mailer) Send(ctx context.Context, key, subject, text string) error {
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(m.From), msg.To(m.To)); err != nil {
		return fmt.Errorf("mail to %s: %w", m.To, err)
	}
	sum := sha256.Sum256([]byte(key + "\x00" + m.To))
	msg.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@accolade")
	msg.SetDateWithValue(m.Clock.Now())
	msg.Subject(subject)
	msg.SetBodyString(mail.TypeTextPlain, text)
	client, err := m.client()
	if err != nil {
		return fmt.Errorf("relay %s: %w", m.Host, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("relay %s: mail %q to %s: %w", m.Host, subject, m.To, err)
	}
	return nil
}

// Temporary says that the relay may take the same mail later.
func Temporary(err error) bool {
	if e, ok := errors.AsType[*mail.SendError](err); ok {
		return e.IsTemp()
	}
	return err != nil // no connection, no answer
}

func (m *Mailer) client() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(m.Port), mail.WithTimeout(sendTimeout), mail.WithoutNoop()}
	switch m.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.User != "" {
		password, err := m.Password()
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		kind := mail.SMTPAuthPlain
		if m.Security == None {
			kind = mail.SMTPAuthPlainNoEnc
		}
		options = append(options, mail.WithSMTPAuth(kind), mail.WithUsername(m.User), mail.WithPassword(password.Reveal()))
	}
	return mail.NewClient(m.Host, options...)
}
