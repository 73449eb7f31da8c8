package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
)

func (s *Server) registerReminders() {
	handle(s, route{method: http.MethodGet, path: "/reminders", id: "list-reminders", summary: "Clients to be reminded today of what is late", roles: everyone}, s.listReminders)
	handle(s, route{method: http.MethodGet, path: "/reminders/{client}", id: "show-reminder", summary: "The letter to a client that is to be reminded today", roles: everyone}, s.showReminder)
	handle(s, route{method: http.MethodPost, path: "/reminders/{client}/sent", id: "reminder-sent", summary: "Note that a client was sent today's reminder", roles: billers, recorded: true}, s.reminderSent)
}

func (s *Server) listReminders(context.Context, *struct{}) (*answer[[]api.Reminder], error) {
	all, err := s.Bills.Reminders()
	return body(listed(all)), err
}

func (s *Server) showReminder(_ context.Context, in *ClientPath) (*answer[api.ReminderLetter], error) {
	text, r, err := s.Bills.ReminderText(in.Client)
	return body(api.ReminderLetter{Reminder: r, Text: text}), err
}

func (s *Server) reminderSent(ctx context.Context, in *ClientPath) (*answer[api.Reminder], error) {
	r, err := s.Bills.Remind(actor(ctx), in.Client)
	return body(r), err
}
