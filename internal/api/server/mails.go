package server

import (
	"context"
	"net/http"
	"strings"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
)

type MailPath struct {
	Mail string `path:"mail" example:"M000001"`
}

func (s *Server) registerMails() {
	handle(s, route{method: http.MethodGet, path: "/mails", id: "list-mails", summary: "Mails to clients, the oldest first", roles: billers}, s.listMails)
	handle(s, route{method: http.MethodPost, path: "/mails", id: "send-documents", summary: "Queue the mails of some invoices and credit notes, each once", roles: billers, recorded: true}, s.sendDocuments)
	handle(s, route{method: http.MethodGet, path: "/mails/{mail}", id: "show-mail", summary: "A mail and its history", roles: billers}, s.showMail)
	handle(s, route{method: http.MethodGet, path: "/mails/{mail}/message", id: "preview-mail", summary: "A mail as the relay gets it; of an invoice that has none yet, as it would be", roles: billers}, s.previewMail)
	for _, verb := range []struct {
		id, path, summary string
		do                func(contract.Actor, string, api.MailChange) (mail.Mail, error)
	}{
		{"retry-mail", "retry", "Try a mail now that waits, was refused or came back, to another address if one is given",
			func(a contract.Actor, id string, c api.MailChange) (mail.Mail, error) {
				return s.Mails.Retry(a, id, c.To)
			}},
		{"resend-mail", "resend", "Send a mail in doubt again: the relay has not got it",
			func(a contract.Actor, id string, _ api.MailChange) (mail.Mail, error) { return s.Mails.Resend(a, id) }},
		{"mail-sent", "sent", "Note of a mail in doubt that the relay has it",
			func(a contract.Actor, id string, _ api.MailChange) (mail.Mail, error) { return s.Mails.MarkSent(a, id) }},
		{"mail-bounced", "bounced", "Note that a mail came back",
			func(a contract.Actor, id string, c api.MailChange) (mail.Mail, error) {
				return s.Mails.Bounce(a, id, c.Reason)
			}},
		{"drop-mail", "drop", "Decide that a mail does not go",
			func(a contract.Actor, id string, c api.MailChange) (mail.Mail, error) {
				return s.Mails.Drop(a, id, c.Reason)
			}},
	} {
		handle(s, route{method: http.MethodPost, path: "/mails/{mail}/" + verb.path, id: verb.id, summary: verb.summary, roles: billers, recorded: true},
			func(ctx context.Context, in *struct {
				MailPath
				Body api.MailChange
			}) (*answer[api.Mail], error) {
				m, err := verb.do(actor(ctx), in.Mail, in.Body)
				return body(m), err
			})
	}
	handle(s, route{method: http.MethodGet, path: "/months/{month}/mails", id: "month-mails", summary: "What became of the mail of each document of a finalised month", roles: everyone}, s.monthMails)
	handle(s, route{method: http.MethodPost, path: "/months/{month}/send", id: "mail-month", summary: "Queue the mails of a finalised month's documents, each once", roles: billers, recorded: true}, s.mailMonth)
}

func (s *Server) listMails(_ context.Context, in *struct {
	Client string `query:"client" doc:"ID or name"`
	State  string `query:"state" doc:"queued, sending, sent, refused, doubtful, bounced or dropped"`
}) (*answer[[]api.Mail], error) {
	all, err := s.Mails.List(mail.Filter{Client: in.Client, State: mail.State(in.State)})
	return body(listed(all)), err
}

func (s *Server) sendDocuments(ctx context.Context, in *struct{ Body api.NewSending }) (*answer[[]api.MailItem], error) {
	items, err := s.Mailing.Send(ctx, actor(ctx), in.Body.Numbers...)
	return body(listed(items)), err
}

func (s *Server) showMail(_ context.Context, in *MailPath) (*answer[api.Mail], error) {
	m, err := s.Mails.Mail(in.Mail)
	return body(m), err
}

func (s *Server) previewMail(ctx context.Context, in *MailPath) (*file, error) {
	var message []byte
	var err error
	if strings.HasPrefix(in.Mail, "M") {
		var m mail.Mail
		if m, err = s.Mails.Mail(in.Mail); err == nil {
			message, err = s.Mails.Message(m)
		}
	} else {
		message, err = s.Mailing.Preview(ctx, in.Mail)
	}
	return &file{"message/rfc822", `attachment; filename="` + in.Mail + `.eml"`, message}, err
}

func (s *Server) monthMails(_ context.Context, in *MonthPath) (*answer[[]api.MailItem], error) {
	m, err := monthOf(in.Month)
	if err != nil {
		return nil, err
	}
	items, err := s.Mailing.Month(m)
	return body(listed(items)), err
}

func (s *Server) mailMonth(ctx context.Context, in *MonthPath) (*answer[[]api.MailItem], error) {
	m, err := monthOf(in.Month)
	if err != nil {
		return nil, err
	}
	items, err := s.Mailing.SendMonth(ctx, actor(ctx), m)
	return body(listed(items)), err
}
