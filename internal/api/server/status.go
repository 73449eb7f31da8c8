package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/watch"
)

func (s *Server) registerStatus() {
	handle(s, route{method: http.MethodGet, path: "/status", id: "status", summary: "The table of the morning, the worst first", roles: everyone}, s.status)
	handle(s, route{method: http.MethodPost, path: "/doctor", id: "doctor", summary: "Compare boxes, vaults and store now", roles: techs}, s.doctor)
}

func (s *Server) status(context.Context, *struct{}) (*answer[api.Status], error) {
	found := watch.Conditions(s.Watch)
	out := api.Status{At: s.clock.Now(), Trouble: watch.Trouble(found), Conditions: []api.Condition{}}
	for _, c := range found {
		out.Conditions = append(out.Conditions, api.Condition{Level: api.Level(c.Level), Of: c.Of, What: c.What, Fix: c.Fix, Since: c.Since})
	}
	return body(out), nil
}

func (s *Server) doctor(ctx context.Context, _ *struct{}) (*answer[[]api.Finding], error) {
	found, err := s.Enrol.Doctor(ctx)
	if err != nil {
		return nil, err
	}
	out := []api.Finding{}
	for _, f := range found {
		out = append(out, api.Finding(f))
	}
	wrong, err := s.Bills.Differences(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range wrong {
		out = append(out, api.Finding{Of: "contract/" + d.Contract, What: d.What,
			Fix: "previews of this contract may be wrong until the next accolade month finalise, which reads its ledger anew"})
	}
	due, err := s.Bills.Reckon()
	if err != nil {
		return nil, err
	}
	for _, m := range due {
		out = append(out, api.Finding{Of: "invoice/" + m.Invoice, What: m.What, Fix: "accolade payment reckon"})
	}
	return body(out), nil
}
