package server

import (
	"bytes"
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/support/agenda"
)

func (s *Server) registerPlans() {
	handle(s, route{method: http.MethodGet, path: "/hours/plans", id: "list-plans", summary: "Work that is to come, by its start", roles: everyone}, s.listPlans)
	handle(s, route{method: http.MethodPost, path: "/hours/plans", id: "add-plan", summary: "Plan work", roles: writers, status: http.StatusCreated, recorded: true}, s.addPlan)
	handle(s, route{method: http.MethodPatch, path: "/hours/plans/{plan}", id: "change-plan", summary: "Change a plan", roles: writers, recorded: true}, s.changePlan)
	handle(s, route{method: http.MethodPost, path: "/hours/plans/{plan}/cancel", id: "cancel-plan", summary: "Say that a plan will not take place", roles: writers, recorded: true}, s.cancelPlan)
	handle(s, route{method: http.MethodPost, path: "/hours/plans/{plan}/done", id: "finish-plan", summary: "Book what was planned, as it was done", roles: writers, recorded: true}, s.finishPlan)
	handle(s, route{method: http.MethodGet, path: "/hours/calendar", id: "hours-calendar", summary: "Plans as an iCalendar file: a client's, with what he may read, or ours", roles: everyone}, s.calendar)
}

func (s *Server) listPlans(_ context.Context, in *struct {
	HoursQuery
	All bool `query:"all" doc:"what was done or cancelled too"`
}) (*answer[[]api.Plan], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	all, err := s.Ledger.Plans(f, !in.All)
	return body(listed(all)), err
}

func (s *Server) addPlan(ctx context.Context, in *struct{ Body api.NewPlan }) (*answer[api.Plan], error) {
	n := in.Body
	day, err := dateOf("date", n.Date)
	if err != nil {
		return nil, err
	}
	p, err := s.Ledger.Plan(actor(ctx), support.Booking{Client: n.Client, Date: day, Began: n.At, Minutes: calendar.Minutes(n.Minutes), Kind: contract.Work(n.Kind), Who: technician(ctx, n.Technician),
		For: n.For, Where: n.Where, Note: n.Note, Private: n.Private}, n.Way)
	return body(p), err
}

// PlanPath names a plan.
type PlanPath struct {
	Plan string `path:"plan" doc:"P000001"`
}

func (s *Server) changePlan(ctx context.Context, in *struct {
	PlanPath
	Body api.PlanChange
}) (*answer[api.Plan], error) {
	b := in.Body
	c := support.PlanChange{Began: b.At, Who: b.Technician, For: b.For, Where: b.Where, Way: b.Way, Note: b.Note, Private: b.Private}
	if b.Kind != nil {
		c.Kind = new(contract.Work(*b.Kind))
	}
	var err error
	if c.Date, c.Minutes, err = dayAndMinutes(b.Date, b.Minutes); err != nil {
		return nil, err
	}
	p, err := s.Ledger.ChangePlan(actor(ctx), in.Plan, c)
	return body(p), err
}

func dayAndMinutes(day *string, minutes *int64) (d *calendar.Date, m *calendar.Minutes, err error) {
	if minutes != nil {
		m = new(calendar.Minutes(*minutes))
	}
	if day == nil {
		return nil, m, nil
	}
	on, err := dateOf("date", *day)
	return &on, m, err
}

func (s *Server) cancelPlan(ctx context.Context, in *struct {
	PlanPath
	Body api.PlanCancel
}) (*answer[api.Plan], error) {
	p, err := s.Ledger.CancelPlan(actor(ctx), in.Plan, in.Body.Why)
	return body(p), err
}

func (s *Server) finishPlan(ctx context.Context, in *struct {
	PlanPath
	Body api.PlanDone
}) (*answer[[]api.HoursEntry], error) {
	b := in.Body
	d := support.PlanDone{Began: b.At, Note: b.Note, Private: b.Private}
	var err error
	if d.Date, d.Minutes, err = dayAndMinutes(b.Date, b.Minutes); err != nil {
		return nil, err
	}
	_, made, err := s.Ledger.FinishPlan(actor(ctx), in.Plan, d)
	return body(listed(made)), err
}

func (s *Server) calendar(_ context.Context, in *HoursQuery) (*file, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	o := agenda.Options{Names: map[string]string{}}
	if f.Client != "" {
		c, err := s.Book.Client(f.Client)
		if err != nil {
			return nil, err
		}
		o.Client = c.ID
	}
	all, err := s.Book.Clients()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		o.Names[c.ID] = c.Name
	}
	plans, err := s.Ledger.Plans(f, false)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = agenda.Write(&b, plans, o)
	return &file{"text/calendar; charset=utf-8", `attachment; filename="plans.ics"`, b.Bytes()}, err
}
