// Package notify is how mail leaves: Message writes one, Relay hands it to the
// cooperative's relay, and Mailer tells our own people by both.
//
// The package sends what it is given and says what became of it; it does not decide
// what is worth telling, and it keeps nothing: mail that must survive a restart goes
// through package mail.
package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"codeberg.org/accolade/accolade/internal/clock"
)

// Mailer tells one address. The zero value sends nothing.
type Mailer struct {
	Relay *Relay
	To    string
	Clock clock.Clock
}

// Enabled says whether there is somebody to tell, and a relay to do it.
func (m *Mailer) Enabled() bool { return m != nil && m.Relay.Enabled() && m.To != "" }

// Send hands one mail to the relay. key identifies the occasion: it becomes the
// Message-ID, so that a mail sent again after a crash is the same mail. Errors hold
// no secret; Temporary says whether the relay may take it later.
func (m *Mailer) Send(ctx context.Context, key, subject, text string) error {
	return m.SendFiles(ctx, key, subject, text)
}

// SendFiles is Send with files attached.
func (m *Mailer) SendFiles(ctx context.Context, key, subject, text string, files ...Attachment) error {
	message, err := Message{ID: MessageID(key, m.To), Date: m.Clock.Now(), From: m.Relay.From, To: m.To, Subject: subject, Text: text, Attachments: files}.Bytes()
	if err != nil {
		return err
	}
	session, err := m.Relay.Open(ctx)
	if err == nil {
		err = session.Carry(ctx, m.Relay.From, m.To, message, nil)
		session.Close()
	}
	if err != nil {
		return fmt.Errorf("mail %q to %s: %w", subject, m.To, err)
	}
	return nil
}

// MessageID is the Message-ID of the mail of an occasion to an address, without the
// angle brackets.
func MessageID(key, to string) string {
	sum := sha256.Sum256([]byte(key + "\x00" + to))
	return hex.EncodeToString(sum[:16]) + "@accolade"
}
