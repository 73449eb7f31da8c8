package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Message is a mail. The same Message gives the same bytes each time, so what is
// previewed, sent and looked up years later is one text.
type Message struct {
	ID          string // without angle brackets, see MessageID
	Date        time.Time
	From        string
	FromName    string // may be empty, as may ToName and ReplyTo
	To          string
	ToName      string
	ReplyTo     string
	Subject     string
	Text        string
	HTML        string // the same for readers of HTML; may be empty
	Attachments []Attachment
}

// Attachment is a file that goes with a mail.
type Attachment struct {
	Name    string // `F2026-0001.pdf`
	Type    string // `application/pdf`
	Content []byte
}

// Bytes writes the message (RFC 5322), lines ended by CR and LF.
func (m Message) Bytes() ([]byte, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	errs := []error{msg.FromFormat(m.FromName, m.From), msg.AddToFormat(m.ToName, m.To)}
	if m.ReplyTo != "" {
		errs = append(errs, msg.ReplyTo(m.ReplyTo))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("mail to %s: %w", m.To, err)
	}
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answering machine need answer
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		msg.AttachReadSeeker(a.Name, bytes.NewReader(a.Content), mail.WithFileContentType(mail.ContentType(a.Type)))
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("mail to %s: %w", m.To, err)
	}
	return settleBoundaries(out.Bytes(), m.ID), nil
}

// boundary is how the library announces the random line between two parts. No encoded
// text can hold it: quoted-printable writes = as =3D, base64 has no = within a line.
var boundary = regexp.MustCompile(`boundary=([0-9a-f]{60})\r\n`)

// settleBoundaries replaces random boundaries by some that follow from the Message-ID.
func settleBoundaries(message []byte, id string) []byte {
	for i, found := range boundary.FindAllSubmatch(message, -1) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", id, i))
		message = bytes.ReplaceAll(message, found[1], []byte(hex.EncodeToString(sum[:])[:60]))
	}
	return message
}

// OneLine reports whether a text can stand in a header.
func OneLine(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }
