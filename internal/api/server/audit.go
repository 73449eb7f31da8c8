package server

import (
	"context"
	"errors"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/store"
)

func (s *Server) registerAudit() {
	handle(s, route{method: http.MethodGet, path: "/audit", id: "list-audit", summary: "Records of who did what, oldest first", roles: everyone}, s.listAudit)
	handle(s, route{method: http.MethodGet, path: "/audit/verify", id: "verify-audit", summary: "Check the chain of records", roles: everyone}, s.verifyAudit)
}

// auditPage is the most records of one answer.
const auditPage = 10_000

type auditInput struct {
	From  uint64 `query:"from" doc:"first record's number; 0 with a limit is the newest ones"`
	Limit int    `query:"limit" minimum:"0" maximum:"10000" doc:"0 is 10,000"`
}

func (s *Server) listAudit(_ context.Context, in *auditInput) (*answer[[]audit.Record], error) {
	limit := in.Limit
	if limit == 0 {
		limit = auditPage
	}
	out := []audit.Record{}
	err := s.Store.View(func(tx store.Tx) error {
		from := in.From
		if from == 0 {
			last, err := audit.Last(tx)
			if err != nil {
				return err
			}
			from = last - min(last, uint64(limit)) + 1
		}
		var failed error
		for r := range audit.List(tx, from, &failed) {
			if out = append(out, r); len(out) == limit {
				break
			}
		}
		return failed
	})
	return body(out), err
}

func (s *Server) verifyAudit(context.Context, *struct{}) (*answer[api.AuditVerdict], error) {
	var v api.AuditVerdict
	err := s.Store.View(func(tx store.Tx) (err error) {
		v.Records, err = audit.Verify(tx)
		return err
	})
	if broken, ok := errors.AsType[*audit.Broken](err); ok {
		v.Broken = broken.Error()
		return body(v), nil
	}
	v.Whole = err == nil
	return body(v), err
}
