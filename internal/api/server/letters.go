package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/report"
)

func (s *Server) registerLetters() {
	handle(s, route{method: http.MethodGet, path: "/letters/{client}/months/{month}", id: "month-letter", summary: "The letter to a client about a month: hours, work, backups, what comes", roles: everyone}, s.monthLetter)
	handle(s, route{method: http.MethodGet, path: "/letters/{client}/renewal", id: "renewal-letter", summary: "The letter to a client before its term ends: what changes, and until when it may leave", roles: everyone}, s.renewalLetter)
}

func (s *Server) monthLetter(_ context.Context, in *struct {
	ClientPath
	MonthPath
}) (*answer[api.Letter], error) {
	m, err := monthOf(in.Month)
	if err != nil {
		return nil, err
	}
	l, err := s.Reports.Monthly(in.Client, m)
	return body(letterOf(l)), err
}

func (s *Server) renewalLetter(_ context.Context, in *ClientPath) (*answer[api.Letter], error) {
	l, err := s.Reports.Renewal(in.Client)
	return body(letterOf(l)), err
}

func letterOf(l report.Letter) api.Letter {
	return api.Letter{Client: l.Client.ID, Subject: l.Subject, Name: l.Name, Pages: l.Pages, Text: l.Text, HTML: string(l.HTML), PDF: l.PDF}
}
