package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// keep has attachments lie in the folder, each once, whoever needs it. The folder is
// flushed by flush.
func (q *Queue) keep(list []Attachment) (files []Enclosure, err error) {
	for _, a := range list {
		f := Enclosure{Name: a.Name, Type: a.Type, SHA256: hashOf(a.Content), Size: len(a.Content)}
		if held, err := os.ReadFile(q.path(f)); err != nil || hashOf(held) != f.SHA256 {
			if err := wholefile.WriteUnflushed(q.Disk, q.path(f), func(w io.Writer) error { _, err := w.Write(a.Content); return err }); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	return files, nil
}

func (q *Queue) flush(files [][]Enclosure) error {
	for _, some := range files {
		if len(some) > 0 {
			return q.Disk.SyncFolder(q.Folder)
		}
	}
	return nil
}

func (q *Queue) path(f Enclosure) string { return filepath.Join(q.Folder, f.SHA256+path.Ext(f.Name)) }

// Message is a mail as the relay gets it or got it (RFC 5322). The same mail gives the
// same bytes each time; one whose attachments are not what was queued is refused.
func (q *Queue) Message(m Mail) ([]byte, error) {
	msg := notify.Message{ID: m.MessageID, Date: m.Date, From: m.From, FromName: m.FromName, To: m.To, ToName: m.ToName, ReplyTo: m.ReplyTo,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML}
	for _, f := range m.Files {
		content, err := os.ReadFile(q.path(f))
		if err == nil && hashOf(content) != f.SHA256 {
			err = fmt.Errorf("%s is not what it was", q.path(f))
		}
		if err != nil {
			return nil, fmt.Errorf("attachment %s: %w", f.Name, err)
		}
		msg.Attachments = append(msg.Attachments, Attachment{Name: f.Name, Type: f.Type, Content: content})
	}
	message, err := msg.Bytes()
	if err == nil && m.SHA256 != "" && hashOf(message) != m.SHA256 {
		err = fmt.Errorf("mail %s: this program writes other bytes than it sent (SHA-256 %s)", m.ID, m.SHA256)
	}
	return message, err
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Preview is the message that a letter would be, without queueing it.
func (q *Queue) Preview(l Letter) ([]byte, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	from := "nobody@example.invalid"
	if q.Relay.Enabled() {
		from = q.Relay.From
	}
	return notify.Message{ID: notify.MessageID(l.Key, l.To), Date: q.Clock.Now().Truncate(time.Second), From: from, FromName: l.FromName, To: l.To, ToName: l.ToName, ReplyTo: l.ReplyTo,
		Subject: l.Subject, Text: l.Text, HTML: l.HTML, Attachments: l.Attachments}.Bytes()
}
