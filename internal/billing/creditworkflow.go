package billing

import (
	"context"
	"errors"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// creditKind is the kind of the operations that issue credit notes.
const creditKind = "invoice.credit"

// CreditRequest asks for a credit note by an operation. It holds the lease of the
// months, so that none is finalised meanwhile.
func CreditRequest(in CreditInput, a contract.Actor) operation.Request {
	return operation.Request{Kind: creditKind, Subject: "invoice/" + in.Invoice, Input: in, Leases: []string{lease}, By: a.Who, From: a.From}
}

// CreditWorkflow freezes a credit note, then writes its paper. A controller that dies
// between the two goes on with the paper; the number is taken once.
func (s *Service) CreditWorkflow() operation.Workflow {
	return operation.Workflow{Kind: creditKind, Steps: []operation.Step{
		{Name: "freeze", Do: s.freezeCredit, CannotUndo: "a credit note that has its number stays"},
		{Name: "document", Do: s.writeCredit, CannotUndo: "the paper of a credit note stays, it is written again if it is lost"},
	}}
}

func (s *Service) freezeCredit(_ context.Context, r *operation.Run) error {
	var in CreditInput
	if err := r.Input(&in); err != nil {
		return err
	}
	return mendableCredit(r.Update(func(tx store.Tx) error {
		_, err := s.creditTx(tx, contract.Actor{Who: r.By(), From: r.From()}, in, r.ID())
		return err
	}))
}

func (s *Service) writeCredit(_ context.Context, r *operation.Run) error {
	notes, err := s.IssuedBy(r.ID())
	if err != nil {
		return operation.Transient(err)
	}
	for _, note := range notes {
		r.Progress(0, note.Number)
		if _, err := s.Document(note.Number); err != nil {
			return mendable(err)
		}
	}
	return nil
}

// mendableCredit has everything tried again but what another try does not make right.
func mendableCredit(err error) error {
	_, amount := errors.AsType[*contract.Invalid](err)
	_, text := errors.AsType[*sepa.Invalid](err)
	if amount || text || errors.Is(err, store.ErrNotFound) {
		return err
	}
	return mendable(err)
}
