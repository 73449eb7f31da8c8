package api

import (
	"context"
	"io"

	"codeberg.org/accolade/accolade/internal/billing/mailing"
	"codeberg.org/accolade/accolade/internal/mail"
)

// Mail is a mail to a client, with its history.
type Mail = mail.Mail

// MailItem is an invoice or a credit note and what became of its mail.
type MailItem = mailing.Dispatch

// MailChange says what a human decided about a mail.
type MailChange struct {
	Reason string `json:"reason,omitempty" doc:"for bounced and drop"`
	To     string `json:"to,omitempty" doc:"for retry: another address"`
}

// NewSending names the documents to be sent.
type NewSending struct {
	Numbers []string `json:"numbers" doc:"invoices and credit notes" minItems:"1" maxItems:"1000"`
}

// Mails lists mails, of one client or all, in one state or all.
func (c *Client) Mails(ctx context.Context, client, state string) ([]Mail, error) {
	var out []Mail
	return out, c.Get(ctx, withQuery("/mails", "client", client, "state", state), &out)
}

// Mail shows a mail.
func (c *Client) Mail(ctx context.Context, id string) (Mail, error) {
	var out Mail
	return out, c.Get(ctx, path("mails", id), &out)
}

// MailMessage writes a mail as the relay gets it (RFC 5322), of a document that has none
// yet as it would be. what is a mail's ID or a document's number.
func (c *Client) MailMessage(ctx context.Context, what string, w io.Writer) error {
	return c.Get(ctx, path("mails", what, "message"), w)
}

// ChangeMail decides about a mail: retry, resend, sent, bounced or drop.
func (c *Client) ChangeMail(ctx context.Context, id, verb string, change MailChange) (Mail, error) {
	var out Mail
	return out, c.Post(ctx, path("mails", id, verb), change, &out)
}

// MonthMails says of each document of a month what became of its mail.
func (c *Client) MonthMails(ctx context.Context, month string) ([]MailItem, error) {
	var out []MailItem
	return out, c.Get(ctx, path("months", month, "mails"), &out)
}

// MailMonth queues the mails of a month's documents that have none yet.
func (c *Client) MailMonth(ctx context.Context, month string) ([]MailItem, error) {
	var out []MailItem
	return out, c.Post(ctx, path("months", month, "send"), nil, &out)
}

// MailDocuments queues the mails of some documents.
func (c *Client) MailDocuments(ctx context.Context, numbers []string) ([]MailItem, error) {
	var out []MailItem
	return out, c.Post(ctx, "/mails", NewSending{numbers}, &out)
}
