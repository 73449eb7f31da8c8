package dolibarr

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
)

// Kind is the kind of the operations that send months.
const Kind = "month.dolibarr"

// Lease is held by one sending at a time: two could both find that an invoice is not
// there.
const Lease = "dolibarr"

// Input of a month.dolibarr.
type Input struct {
	Month    calendar.Month `json:"month"`
	Validate bool           `json:"validate"`
}

// Ledger is where finalised documents are.
type Ledger interface {
	books.Ledger
	Months() ([]billing.Month, error)
}

// Service sends finalised months as operations.
type Service struct {
	Ledger   Ledger
	Dial     func() (*Client, error) // nil: the configuration names no Dolibarr
	Validate bool                    // unless a request says otherwise
}

// Request asks for a month to be sent. It refuses at once what could only fail.
func (s *Service) Request(in Input, a contract.Actor) (operation.Request, error) {
	if s.Dial == nil {
		return operation.Request{}, &operation.Refused{Why: "the configuration names no Dolibarr", Fix: "set dolibarr.url and dolibarr.key_file in accoladed's configuration file, then restart it"}
	}
	if _, err := s.count(in.Month); err != nil {
		return operation.Request{}, err
	}
	return operation.Request{Kind: Kind, Subject: "month/" + in.Month.String(), Input: in, Leases: []string{Lease}, By: a.Who, From: a.From}, nil
}

// count is how many documents a month has; one that is open is refused.
func (s *Service) count(m calendar.Month) (int, error) {
	all, err := s.Ledger.Months()
	for _, done := range all {
		if done.Month == m {
			notes, err := s.Ledger.CreditNotes(m)
			return len(done.Invoices) + len(notes), err
		}
	}
	if err == nil {
		err = &operation.Refused{Why: m.String() + " is not finalised, so there is nothing to send", Fix: "accolade month finalise " + m.String()}
	}
	return 0, err
}

// Workflow sends a month's documents one after the other. What Dolibarr refuses holds
// up no other; at the end the operation fails with all that was refused, and goes on
// with those when it is tried again.
func (s *Service) Workflow() operation.Workflow {
	return operation.Workflow{Kind: Kind, Steps: []operation.Step{
		{Name: "send", Do: s.send, CannotUndo: "what is in Dolibarr stays there; drafts can be deleted there"},
	}}
}

// savedEach is after how many documents the place is kept.
const savedEach = 20

func (s *Service) send(ctx context.Context, r *operation.Run) error {
	var in Input
	if err := r.Input(&in); err != nil {
		return err
	}
	of, err := s.count(in.Month)
	if err != nil {
		return err
	}
	if s.Dial == nil {
		return &operation.Refused{Why: "the configuration names no Dolibarr any more"}
	}
	client, err := s.Dial()
	if err != nil {
		return err
	}
	defer client.Close()
	through := 0 // documents from the first on that need not be looked at again
	if _, err := r.Get("through", &through); err != nil {
		return operation.Transient(err)
	}
	var refusals []*Refusal
	n := 0
	for d, err := range books.Documents(s.Ledger, in.Month) {
		if err != nil {
			return operation.Transient(err)
		}
		if n++; n <= through {
			continue
		}
		_, err := client.Send(ctx, d, in.Validate)
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			refusals = append(refusals, refusal)
			r.LogLine(refusal.Error())
		} else if err != nil {
			return mark(ctx, err)
		}
		r.Progress(float64(n)/float64(max(of, 1)), d.Number)
		if len(refusals) == 0 && n%savedEach == 0 {
			if err := r.Set("through", n); err != nil {
				return operation.Transient(err)
			}
		}
	}
	return told(refusals, n)
}

// mark says whether trying again can help, and else what does.
func mark(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrUnreachable):
		return operation.Away(fmt.Errorf("dolibarr: %w", err))
	case errors.Is(err, ErrKey):
		return operation.Permanent(fmt.Errorf("dolibarr: %w", err), "give the user of dolibarr.key_file the rights to read and create third parties and invoices in Dolibarr, or the file the key of such a user")
	}
	return operation.Permanent(fmt.Errorf("dolibarr: %w", err), "look at dolibarr.url, and whether the module API/Web services is active in Dolibarr")
}

// mostTold are named in an error; the log has them all.
const mostTold = 5

func told(refusals []*Refusal, of int) error {
	if len(refusals) == 0 {
		return nil
	}
	var why, fix []string
	for i, r := range refusals {
		if i == mostTold {
			why = append(why, "…")
			break
		}
		why = append(why, r.Error())
		if len(fix) == 0 || fix[len(fix)-1] != r.Fix {
			fix = append(fix, r.Fix)
		}
	}
	return &operation.Refused{Why: fmt.Sprintf("Dolibarr has %d of %d documents; not: %s", of-len(refusals), of, strings.Join(why, "; ")), Fix: strings.Join(fix, "; ") + "; then send the month again"}
}
