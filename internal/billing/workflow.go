package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// finaliseKind is the kind of the operations that finalise months.
const finaliseKind = "month.finalise"

// FinaliseInput is the input of a month.finalise.
type FinaliseInput struct {
	Month calendar.Month `json:"month"`
	// Earlier has the open months before it finalised first.
	Earlier bool `json:"earlier,omitempty"`
}

// lease is held by one finalisation at a time.
const lease = "billing"

// Request asks for a month to be finalised by an operation.
func Request(in FinaliseInput, a contract.Actor) operation.Request {
	return operation.Request{Kind: finaliseKind, Subject: "month/" + in.Month.String(), Input: in, Leases: []string{lease}, By: a.Who, From: a.From}
}

// Workflow freezes a month, then writes its papers. A controller that dies between
// the two goes on with the papers; the numbers are taken once.
func (s *Service) Workflow() operation.Workflow {
	return operation.Workflow{Kind: finaliseKind, Steps: []operation.Step{
		{Name: "freeze", Do: s.freeze, CannotUndo: "invoices that have their numbers stay; only a credit note takes one back"},
		{Name: "documents", Do: s.write, CannotUndo: "papers of invoices stay, they are written again if they are lost"},
	}}
}

func (s *Service) freeze(ctx context.Context, r *operation.Run) error {
	months, err := s.monthsOf(r)
	if err != nil {
		return err
	}
	by := contract.Actor{Who: r.By(), From: r.From()}
	// Outside of the transaction, which is to be short: nobody else can write meanwhile
	// what would make them differ.
	if err := s.mend(ctx, by); err != nil {
		return mendable(err)
	}
	for _, m := range months {
		if err := r.Update(func(tx store.Tx) error {
			_, err := s.FinaliseTx(tx, by, m)
			return err
		}); err != nil {
			return mendable(err)
		}
	}
	return nil
}

// monthsOf are the months of an operation: settled once, so that a restart does not
// take in more.
func (s *Service) monthsOf(r *operation.Run) ([]calendar.Month, error) {
	var months []calendar.Month
	if found, err := r.Get("months", &months); err != nil || found {
		return months, operation.Transient(err)
	}
	var in FinaliseInput
	if err := r.Input(&in); err != nil {
		return nil, err
	}
	months = []calendar.Month{in.Month}
	if in.Earlier {
		pending, err := s.Pending(in.Month.Add(-1))
		if err != nil {
			return nil, operation.Transient(err)
		}
		months = append(pending, in.Month)
	}
	return months, r.Set("months", months)
}

func (s *Service) write(ctx context.Context, r *operation.Run) error {
	months, err := s.monthsOf(r)
	if err != nil {
		return err
	}
	for _, m := range months {
		if err := s.MonthDocuments(ctx, m, func(doc Document, part, of int) {
			r.Progress(float64(part)/float64(of), doc.Number)
		}); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return mendable(err)
		}
	}
	return nil
}

// mendable has everything tried again but refusals: a full disk gets room, a number
// must not be lost for it.
func mendable(err error) error {
	if _, refused := errors.AsType[*operation.Refused](err); refused {
		return err
	}
	return operation.Transient(err)
}

// Engine starts operations.
type Engine interface {
	StartTx(tx store.Tx, req operation.Request) (operation.Operation, error)
}

// Monthly is the schedule entry that previews the month that ended and, with auto,
// finalises it and open months before it.
func (s *Service) Monthly(spec, zone string, auto bool, engine Engine, log *slog.Logger) schedule.Entry {
	return schedule.Entry{Name: "billing/month", Spec: spec, Zone: zone, Begin: func(tx store.Tx, at time.Time) error {
		m := calendar.Of(at, s.Zone).MonthOf().Add(-1)
		p, err := s.previewTx(tx, m)
		if err != nil {
			return fmt.Errorf("preview %s: %w", m, err)
		}
		_, _, total := p.Sums()
		log.Info("the month has ended", "month", m, "invoices", len(p.Drafts), "total", total, "finalise", auto, "missing", p.Missing)
		next, err := s.next(tx)
		if err != nil || !auto || next.IsZero() || next.After(m) {
			return err
		}
		if len(p.Missing) > 0 {
			return fmt.Errorf("%s cannot be finalised before these settings are there: %v", m, p.Missing)
		}
		_, err = engine.StartTx(tx, Request(FinaliseInput{Month: m, Earlier: true}, contract.Actor{Who: "controller", From: "schedule"}))
		return err
	}}
}
