package mail

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/notify"
)

// Attachment is a file that goes with a mail.
type Attachment = notify.Attachment

// Letter is what is asked to be sent.
type Letter struct {
	// Key names the occasion, such as `invoice/F2026-0001`. A second letter of the same
	// key is not sent, whatever it says.
	Key         string
	Client      string // ID of the client, empty for none
	To          string
	ToName      string
	FromName    string // the address is the relay's
	ReplyTo     string
	Subject     string
	Text        string
	HTML        string // the same for readers of HTML; may be empty
	Attachments []Attachment
}

// mostBytes is what attachments may come to: relays take mails of 20 to 25 MB, in
// which every three bytes are four.
const mostBytes = 12 << 20

// Check refuses what no mail can be made of, naming field and value.
func (l Letter) Check() error {
	if l.Key == "" {
		return &contract.Invalid{Field: "key", Allowed: "every mail has an occasion"}
	}
	if err := contract.CheckMail(l.To); err != nil {
		return err
	}
	for _, f := range []struct{ field, value string }{{"subject", l.Subject}, {"name", l.ToName}, {"sender's name", l.FromName}, {"reply address", l.ReplyTo}} {
		if !notify.OneLine(f.value) || !utf8.ValidString(f.value) {
			return &contract.Invalid{Field: f.field, Value: fmt.Sprintf("%q", f.value), Allowed: "want one line of text"}
		}
	}
	switch {
	case strings.TrimSpace(l.Subject) == "":
		return &contract.Invalid{Field: "subject", Allowed: "want one line of text"}
	case strings.TrimSpace(l.Text) == "":
		return &contract.Invalid{Field: "text", Allowed: "a mail says something, also to those who do not read HTML"}
	case !utf8.ValidString(l.Text) || !utf8.ValidString(l.HTML):
		return &contract.Invalid{Field: "text", Value: fmt.Sprintf("%.40q", l.Text), Allowed: "want UTF-8"}
	}
	size := 0
	for _, a := range l.Attachments {
		if a.Name == "" || path.Base(a.Name) != a.Name || !notify.OneLine(a.Name) || a.Type == "" || !notify.OneLine(a.Type) {
			return &contract.Invalid{Field: "attachment", Value: fmt.Sprintf("%q of type %q", a.Name, a.Type), Allowed: "want the name of a file and its media type"}
		}
		size += len(a.Content)
	}
	if size > mostBytes {
		return &contract.Invalid{Field: "attachments", Value: fmt.Sprintf("of %d bytes", size), Allowed: fmt.Sprintf("relays take at most %d", mostBytes)}
	}
	return nil
}
