package billing

import (
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// issuance is what is known of a credit note beside its content: where it stands among
// the others. It is added once and never changed.
type issuance struct {
	Number    string        `json:"number"` // `A2026-0001`
	Invoice   string        `json:"invoice"`
	Date      calendar.Date `json:"date"`
	Replaces  bool          `json:"replaces,omitempty"`  // what was billed is billed anew
	Operation string        `json:"operation,omitempty"` // that issued it
	At        time.Time     `json:"at"`
	By        string        `json:"by"`
}

var issued = store.NewCollection[issuance]("credit-note", 1,
	store.WithIndex("invoice", func(i issuance) []string { return []string{i.Invoice} }),
	store.WithIndex("month", func(i issuance) []string { return []string{i.Date.MonthOf().String()} }),
	store.WithIndex("operation", func(i issuance) []string {
		if i.Operation == "" {
			return nil
		}
		return []string{i.Operation}
	}))

// Credit issues a credit note: number, content and hash in one transaction, as of today.
func (s *Service) Credit(a contract.Actor, in CreditInput) (note Invoice, err error) {
	err = s.DB.Update(func(tx store.Tx) error {
		note, err = s.creditTx(tx, a, in, "")
		return err
	})
	return note, err
}

// PreviewCredit composes a credit note without a number, or says why it cannot be issued.
func (s *Service) PreviewCredit(in CreditInput) (note Invoice, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if note, err = s.composeCredit(tx, in); err != nil {
			return err
		}
		return s.newCredit(tx, note, in.Again)
	})
	return note, err
}

// creditTx issues a credit note inside a transaction. One that the operation has issued
// already comes back as it is.
func (s *Service) creditTx(tx store.Tx, a contract.Actor, in CreditInput, operation string) (Invoice, error) {
	if operation != "" {
		done, err := issued.ByIndex(tx, "operation", operation)
		if err != nil {
			return Invoice{}, err
		}
		if len(done) > 0 {
			return archive.get(tx, done[0].Number)
		}
	}
	note, err := s.composeCredit(tx, in)
	if err != nil {
		return Invoice{}, err
	}
	if err := s.newCredit(tx, note, in.Again); err != nil {
		return Invoice{}, err
	}
	n, err := nextCredit(tx, note.Date.Year)
	if err != nil {
		return Invoice{}, err
	}
	note.Number = creditNumber(note.Date.Year, n)
	if n > 1 {
		before, err := issued.Get(tx, creditNumber(note.Date.Year, n-1))
		if err != nil {
			return Invoice{}, err
		}
		if err := inOrder("credit notes", note.Date, before.Number, before.Date); err != nil {
			return Invoice{}, err
		}
	}
	if err := s.keep(tx, note); err != nil {
		return Invoice{}, err
	}
	if err := giveBack(tx, note); err != nil {
		return Invoice{}, err
	}
	if in.Replace {
		if err := s.takeBack(tx, note); err != nil {
			return Invoice{}, err
		}
	}
	at := s.Clock.Now()
	if err := issued.Insert(tx, note.Number, issuance{Number: note.Number, Invoice: note.Corrects.Number, Date: note.Date, Replaces: in.Replace, Operation: operation, At: at, By: a.Who}); err != nil {
		return Invoice{}, err
	}
	action := "invoice.credit"
	if in.Replace {
		action = "invoice.replace"
	}
	return note, audit.Append(tx, at, audit.Record{Who: a.Who, From: a.From, Action: action, Object: "invoice/" + note.Corrects.Number, Result: "ok",
		Detail: fmt.Sprintf("%s over %s: %s", note.Number, note.Total, note.Corrects.Reason)})
}

// composeCredit composes the credit note of a frozen invoice.
func (s *Service) composeCredit(tx store.Tx, in CreditInput) (Invoice, error) {
	inv, err := archive.get(tx, in.Invoice)
	if err != nil {
		return Invoice{}, err
	}
	if err := creditable(tx, inv); err != nil {
		return Invoice{}, err
	}
	earlier, err := creditsOf(tx, in.Invoice)
	if err != nil {
		return Invoice{}, err
	}
	// The books of a finalised month are closed, also for credit notes.
	today := s.Today()
	last, err := lastFinalised(tx)
	if err != nil {
		return Invoice{}, err
	}
	if !last.Before(today.MonthOf()) {
		return Invoice{}, refused("set the machine's clock", "%s is finalised, and a credit note of today, %s, would belong to it", last, today)
	}
	note, err := creditOf(inv, earlier, in, today)
	if err == nil && in.Replace {
		_, err = settlementWith(tx, inv)
	}
	return note, err
}

// newCredit refuses a credit note in part that was issued lately, unless again is said.
func (s *Service) newCredit(tx store.Tx, note Invoice, again bool) error {
	all, err := issued.ByIndex(tx, "invoice", note.Corrects.Number)
	if err != nil || again {
		return err
	}
	for _, one := range all {
		old, err := archive.get(tx, one.Number)
		if err != nil {
			return err
		}
		alike := func(a, b Line) bool {
			return a.Title == b.Title && a.Net == b.Net && a.Category == b.Category && a.Rate == b.Rate
		}
		if old.Corrects.Reason == note.Corrects.Reason && slices.EqualFunc(old.Lines, note.Lines, alike) {
			if err := s.twice(same{fmt.Sprintf("the credit note %s over %s", old.Number, old.Total), one.At, one.By}); err != nil {
				return err
			}
		}
	}
	return nil
}

// creditsOf are the credit notes of an invoice, by number.
func creditsOf(tx store.Tx, number string) ([]Invoice, error) {
	all, err := issued.ByIndex(tx, "invoice", number)
	if err != nil {
		return nil, err
	}
	return notesTx(tx, all)
}

func notesTx(tx store.Tx, all []issuance) ([]Invoice, error) {
	slices.SortFunc(all, func(a, b issuance) int {
		if c := a.Date.Compare(b.Date); c != 0 {
			return c
		}
		return compareNumbers(a.Number, b.Number)
	})
	notes := make([]Invoice, len(all))
	for i, one := range all {
		var err error
		if notes[i], err = archive.get(tx, one.Number); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

// CreditNotes are the credit notes that were issued in a month, by number.
func (s *Service) CreditNotes(m calendar.Month) (notes []Invoice, err error) {
	return s.notesBy("month", m.String())
}

// CreditsOf are the credit notes of an invoice.
func (s *Service) CreditsOf(number string) (notes []Invoice, err error) {
	return s.notesBy("invoice", number)
}

// IssuedBy are the credit notes that an operation issued: one, or none yet.
func (s *Service) IssuedBy(operation string) (notes []Invoice, err error) {
	return s.notesBy("operation", operation)
}

func (s *Service) notesBy(index, key string) (notes []Invoice, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err := issued.ByIndex(tx, index, key)
		if err != nil {
			return err
		}
		notes, err = notesTx(tx, all)
		return err
	})
	return notes, err
}
