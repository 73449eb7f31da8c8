package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/support/kimai"
	"codeberg.org/accolade/accolade/internal/support/timesheet"
)

func (s *Server) registerHours() {
	handle(s, route{method: http.MethodGet, path: "/hours", id: "list-hours", summary: "Entries of the ledger, by day", roles: everyone}, s.listHours)
	handle(s, route{method: http.MethodPost, path: "/hours", id: "add-hours", summary: "Book work; a group session gives an entry for each client", roles: writers, status: http.StatusCreated, recorded: true}, s.addHours)
	handle(s, route{method: http.MethodPost, path: "/hours/import", id: "import-hours", summary: "Book a sheet (CSV or XLSX), all of it or nothing", roles: writers, limit: 11 << 20, recorded: true}, s.importHours)
	handle(s, route{method: http.MethodGet, path: "/hours/sheet", id: "hours-sheet", summary: "Entries as they stand, as a sheet (CSV or XLSX) that an import reads back", roles: everyone}, s.hoursSheet)
	handle(s, route{method: http.MethodPost, path: "/hours/kimai", id: "take-kimai", summary: "Book a file of Kimai's, all of it or nothing; twice adds nothing", roles: writers, limit: 24 << 20, recorded: true}, s.takeKimai)
	handle(s, route{method: http.MethodGet, path: "/hours/balance", id: "hours-balance", summary: "A client's allowance", roles: everyone}, s.hoursBalance)
	handle(s, route{method: http.MethodGet, path: "/hours/forecast", id: "hours-forecast", summary: "When allowances run out on the present rhythm", roles: everyone}, s.hoursForecast)
	handle(s, route{method: http.MethodGet, path: "/hours/timers", id: "list-timers", summary: "Running timers", roles: everyone}, s.listTimers)
	handle(s, route{method: http.MethodPost, path: "/hours/timers", id: "start-timer", summary: "Start a timer", roles: writers, status: http.StatusCreated, recorded: true}, s.startTimer)
	handle(s, route{method: http.MethodPost, path: "/hours/timers/stop", id: "stop-timer", summary: "End a timer and book its time", roles: writers, recorded: true}, s.stopTimer)
	handle(s, route{method: http.MethodPost, path: "/hours/entries/{entry}/correct", id: "correct-hours", summary: "Take an entry back and book the right one", roles: writers, recorded: true}, s.correctHours)
}

// badRows names every bad row of a sheet.
func badRows(err error) *api.Error {
	bad, ok := errors.AsType[*support.BadRows](err)
	if !ok {
		return nil
	}
	p := &api.Error{Status: http.StatusUnprocessableEntity, Code: api.CodeInvalid, Detail: bad.Error(), Fix: "mend these rows, then import the file again"}
	return p
}

// HoursQuery chooses entries.
type HoursQuery struct {
	Client     string `query:"client" doc:"ID or name"`
	Technician string `query:"technician"`
	From       string `query:"from" doc:"first day"`
	To         string `query:"to" doc:"last day"`
}

func (q HoursQuery) filter() (f support.Filter, err error) {
	f = support.Filter{Client: q.Client, Who: q.Technician}
	if f.From, err = dateOf("from", q.From); err != nil {
		return f, err
	}
	f.To, err = dateOf("to", q.To)
	return f, err
}

func (s *Server) listHours(_ context.Context, in *HoursQuery) (*answer[[]api.HoursEntry], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	all, err := s.Ledger.List(f)
	return body(listed(all)), err
}

func (s *Server) hoursSheet(_ context.Context, in *struct {
	HoursQuery
	Format  string `query:"format" enum:"csv,xlsx" default:"csv"`
	Private bool   `query:"private" doc:"with the notes for us alone"`
}) (*file, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	all, err := s.Ledger.List(f)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	format := timesheet.Format(in.Format)
	err = timesheet.Write(&b, format, support.Standing(all), timesheet.Options{Private: in.Private, Zone: s.Ledger.Zone()})
	return &file{format.ContentType(), `attachment; filename="hours.` + in.Format + `"`, b.Bytes()}, err
}

func (s *Server) addHours(ctx context.Context, in *struct{ Body api.HoursWork }) (*answer[[]api.HoursEntry], error) {
	b, err := s.booking(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if in.Body.Way && len(in.Body.Group) > 0 {
		return nil, &contract.Invalid{Field: "way", Value: "true", Allowed: "a session of several clients has none: book the way by itself, for whom it was made"}
	}
	if in.Body.Way {
		made, err := s.Ledger.AddOnSite(actor(ctx), b)
		return body(made), err
	}
	if len(in.Body.Group) > 0 {
		var seats []support.Seat
		for _, g := range in.Body.Group {
			seats = append(seats, support.Seat{Client: g.Client, Seats: g.Seats})
		}
		made, err := s.Ledger.AddGroup(actor(ctx), b, seats)
		return body(made), err
	}
	e, err := s.Ledger.Add(actor(ctx), b)
	return body([]api.HoursEntry{e}), err
}

// booking fills in what the caller left out: today, and himself.
func (s *Server) booking(ctx context.Context, w api.HoursWork) (support.Booking, error) {
	day, err := s.dayOrToday("date", w.Date)
	if err != nil {
		return support.Booking{}, err
	}
	return support.Booking{Client: w.Client, Date: day, Minutes: calendar.Minutes(w.Minutes), Kind: contract.Work(w.Kind), Who: technician(ctx, w.Technician),
		For: w.For, Where: w.Where, Mode: fleet.Travel(w.Mode), Note: w.Note, Private: w.Private, Began: w.Began}, nil
}

func technician(ctx context.Context, named string) string {
	if named != "" {
		return named
	}
	return caller(ctx).Name
}

func (s *Server) importHours(ctx context.Context, in *struct {
	Name    string `query:"name" required:"true" doc:"of the file"`
	DryRun  bool   `query:"dry_run" doc:"check all, book nothing"`
	Again   bool   `query:"again" doc:"though the same file was imported before"`
	RawBody []byte `contentType:"application/octet-stream"`
}) (*answer[[]api.HoursEntry], error) {
	rows, bad, err := timesheet.Read(in.RawBody, caller(ctx).Name)
	if err != nil {
		return nil, &contract.Invalid{Field: "file", Value: in.Name, Allowed: err.Error()}
	}
	made, err := s.Ledger.Import(actor(ctx), support.Import{Name: in.Name, Data: in.RawBody, Rows: rows, Bad: bad, DryRun: in.DryRun, Again: in.Again})
	return body(listed(made)), err
}

func (s *Server) takeKimai(ctx context.Context, in *struct{ Body api.HoursTakeover }) (*answer[api.HoursTaken], error) {
	b := in.Body
	mapping, err := kimai.ReadMapping(cmp.Or(b.MappingName, "mapping"), []byte(b.Mapping))
	if err != nil {
		return nil, err
	}
	t, err := kimai.Read(b.Name, []byte(b.Data), mapping, s.Ledger.Zone())
	if err != nil {
		return nil, err
	}
	t.DryRun = b.DryRun
	taken, err := s.Ledger.Take(actor(ctx), t)
	taken.Entries, taken.Left = listed(taken.Entries), listed(taken.Left)
	return body(taken), err
}

func (s *Server) hoursBalance(_ context.Context, in *struct {
	Client string `query:"client" required:"true" doc:"ID or name"`
	On     string `query:"on" doc:"a day; empty: today"`
}) (*answer[api.HoursBalance], error) {
	on, err := s.dayOrToday("on", in.On)
	if err != nil {
		return nil, err
	}
	b, err := s.Ledger.Balance(in.Client, on)
	return body(b), err
}

func (s *Server) hoursForecast(_ context.Context, in *struct {
	Client string `query:"client" doc:"ID or name; empty: every contract with an allowance"`
	On     string `query:"on" doc:"a day; empty: today"`
}) (*answer[[]api.HoursForecast], error) {
	on, err := s.dayOrToday("on", in.On)
	if err != nil {
		return nil, err
	}
	all, err := s.Ledger.Forecast(in.Client, on)
	return body(listed(all)), err
}

// dayOrToday reads a day; left out, it is the present one.
func (s *Server) dayOrToday(field, text string) (calendar.Date, error) {
	if text == "" {
		return s.Book.Today(), nil
	}
	return dateOf(field, text)
}

func (s *Server) listTimers(context.Context, *struct{}) (*answer[[]api.HoursTimer], error) {
	all, err := s.Ledger.Timers()
	return body(listed(all)), err
}

func (s *Server) startTimer(ctx context.Context, in *struct{ Body api.HoursWork }) (*answer[api.HoursTimer], error) {
	b, err := s.booking(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	t, err := s.Ledger.Start(actor(ctx), b)
	return body(t), err
}

func (s *Server) stopTimer(ctx context.Context, in *struct{ Body api.HoursStop }) (*answer[[]api.HoursEntry], error) {
	b := in.Body
	made, err := s.Ledger.Stop(actor(ctx), support.Stopping{Who: technician(ctx, b.Technician), Note: b.Note, Minutes: calendar.Minutes(b.Minutes), Discard: b.Discard})
	return body(listed(made)), err
}

func (s *Server) correctHours(ctx context.Context, in *struct {
	Entry string `path:"entry"`
	Body  api.HoursCorrection
}) (*answer[[]api.HoursEntry], error) {
	b := in.Body
	c := support.Correction{Client: b.Client, Who: b.Technician, For: b.For, Where: b.Where, Note: b.Note, Private: b.Private, Why: b.Why}
	if b.Minutes != nil {
		c.Minutes = new(calendar.Minutes(*b.Minutes))
	}
	if b.Kind != nil {
		c.Kind = new(contract.Work(*b.Kind))
	}
	if b.Mode != nil {
		c.Mode = new(fleet.Travel(*b.Mode))
	}
	if b.Date != nil {
		d, err := dateOf("date", *b.Date)
		if err != nil {
			return nil, err
		}
		c.Date = &d
	}
	made, err := s.Ledger.Correct(actor(ctx), in.Entry, c)
	return body(listed(made)), err
}
