package billing

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"codeberg.org/accolade/accolade/internal/billing/late"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/wholefile"
	"codeberg.org/accolade/accolade/templates"
)

// Service previews months, freezes them, and keeps their documents.
type Service struct {
	Options
	drawing chan struct{} // one of these is held while a document is rendered
	looks   atomic.Pointer[looks]
}

// Options of a Service; all but Disk, XML, Writers and From are needed.
type Options struct {
	DB         store.DB
	Clock      clock.Clock
	Zone       *time.Location // where months begin and end
	Seller     Seller
	Documents  string         // folder of the PDF files
	Disk       wholefile.Disk // that they are written on; nil: the machine's
	Render     func(Invoice) ([]byte, error)
	XML        func(Invoice) ([]byte, error) // the invoice for machines, whose hash is frozen; nil: none
	Writers    int                           // documents that are written at the same time; 0: documentsAtOnce
	LateRates  late.Rates                    // of interest for late payment; needed for reminders
	LatePublic late.Rates                    // the same that public bodies owe
	Texts      templates.Texts               // of reminders
	From       calendar.Month                // months before were invoiced elsewhere
}

// New builds a service.
func New(o Options) *Service {
	if o.Disk == nil {
		o.Disk = wholefile.OS
	}
	o.Writers = cmp.Or(o.Writers, documentsAtOnce)
	return &Service{Options: o, drawing: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Month is a finalised month.
type Month struct {
	Month    calendar.Month `json:"month"`
	Invoices []string       `json:"invoices"` // numbers, in order
	Net      money.Cents    `json:"net"`
	Tax      money.Cents    `json:"tax"`
	Total    money.Cents    `json:"total"`
	At       time.Time      `json:"at"`
	By       string         `json:"by"`
}

// Preview is what a month comes to, before or after it was finalised.
type Preview struct {
	Month     calendar.Month
	SoFar     calendar.Date  // the last day looked at, in a month that has not ended
	Finalised *Month         // then Drafts hold the frozen invoices
	Drafts    []Draft        // of contracts with something to invoice, or a credit held
	Missing   []string       // keys of the configuration without which it cannot be finalised
	Unready   []string       // what keeps single clients from being invoiced, and what to do about it
	First     calendar.Month // an earlier month that has to be finalised first; zero: none
}

// Sums adds up the invoices.
func (p Preview) Sums() (net, tax, total money.Cents) {
	for _, d := range p.Drafts {
		net, tax, total = net+d.Invoice.Net, tax+d.Invoice.Tax, total+d.Invoice.Total
	}
	return net, tax, total
}

var (
	months      = store.NewCollection[Month]("month", 1)
	settlements = store.NewCollection[Settlement]("settlement", 1,
		store.WithIndex("contract", func(s Settlement) []string { return []string{s.Contract} }))
)

// Today is the present day.
func (s *Service) Today() calendar.Date { return calendar.Of(s.Clock.Now(), s.Zone) }

// Ended refuses a month whose last day is not over.
func (s *Service) ended(m calendar.Month) error {
	if today := s.Today(); !m.Last().Before(today) {
		return &operation.Refused{Why: fmt.Sprintf("the month %s has not ended: today is %s", m, today), Fix: fmt.Sprintf("look at it with: accolade month preview %s --so-far", m)}
	}
	return nil
}

// Preview computes a month. A month that has not ended is refused unless soFar,
// which looks at it up to today.
func (s *Service) Preview(m calendar.Month, soFar bool) (Preview, error) {
	p := Preview{Month: m, Missing: s.Seller.Missing()}
	if soFar && !m.Last().Before(s.Today()) {
		p.SoFar = s.Today()
		if m.First().After(p.SoFar) {
			return p, &operation.Refused{Why: fmt.Sprintf("the month %s has not begun: today is %s", m, p.SoFar)}
		}
	} else if err := s.ended(m); err != nil {
		return p, err
	}
	err := s.DB.View(func(tx store.Tx) error { return s.look(tx, &p) })
	return p, err
}

// previewTx computes a month that has ended inside a transaction.
func (s *Service) previewTx(tx store.Tx, m calendar.Month) (Preview, error) {
	p := Preview{Month: m, Missing: s.Seller.Missing()}
	if err := s.ended(m); err != nil {
		return p, err
	}
	return p, s.look(tx, &p)
}

// look fills in a month's invoices, frozen or drafted.
func (s *Service) look(tx store.Tx, p *Preview) error {
	p.Drafts, p.Unready = nil, nil
	done, found, err := finalised(tx, p.Month)
	if err != nil {
		return err
	}
	if !found {
		next, err := s.next(tx)
		if err != nil {
			return err
		}
		if !next.IsZero() && next.Before(p.Month) {
			p.First = next
		}
		return s.drafts(tx, p.Month, p.SoFar, func(c Case, d Draft) error {
			if d.Due() || d.Held != 0 {
				p.Drafts = append(p.Drafts, d)
			}
			if err := d.invoiceable(c); err != nil {
				p.Unready = append(p.Unready, err.Error())
			}
			return nil
		})
	}
	p.Finalised = &done
	for _, number := range done.Invoices {
		inv, err := archive.get(tx, number)
		if err != nil {
			return err
		}
		p.Drafts = append(p.Drafts, Draft{Invoice: inv})
	}
	return nil
}

// drafts computes a month for every contract, by client.
func (s *Service) drafts(tx store.Tx, m calendar.Month, until calendar.Date, each func(Case, Draft) error) error {
	last, err := lastFinalised(tx)
	if err != nil {
		return err
	}
	all, err := contract.AllContracts(tx)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b contract.Contract) int { return strings.Compare(a.ID, b.ID) })
	for _, k := range all {
		if k.Start.MonthOf().After(m) {
			continue
		}
		c, err := s.caseOf(tx, k, last)
		if err != nil {
			return err
		}
		if c.Extras, err = extrasOf(tx, "open", k.ID); err != nil {
			return err
		}
		if c.Advances, err = paidAdvances(tx, k.ID); err != nil {
			return err
		}
		d := Compute(m, until, c, s.Letterhead())
		if d.Due() {
			if d.Invoice.Debit, err = s.directDebit(tx, d.Invoice); err != nil {
				return err
			}
		}
		if err := each(c, d); err != nil {
			return err
		}
	}
	return nil
}

// caseOf reads what the draft of a contract depends on: its account and what is open,
// or, where there is no account through the last finalised month, all there is.
func (s *Service) caseOf(tx store.Tx, k contract.Contract, last calendar.Month) (Case, error) {
	account, err := accounts.Get(tx, k.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Case{}, err
	}
	if err != nil || account.Through != last {
		return s.wholeCase(tx, k, last)
	}
	open, kept, err := support.Unsettled(tx, k.ID)
	if err != nil {
		return Case{}, err
	}
	if !kept {
		return s.wholeCase(tx, k, last)
	}
	c := Case{Contract: k, Account: &account, Entries: open, Finalised: last, From: s.From}
	if c.Client, err = contract.ClientByRef(tx, k.Client); err != nil {
		return c, err
	}
	now, err := terms(k, s.From, last)
	if err != nil {
		return c, err
	}
	if c.Even = now == account.Even; !c.Even {
		c.Settled, err = settlementsOf(tx, k.ID)
	}
	return c, err
}

// wholeCase reads ledger and settlements from their beginning.
func (s *Service) wholeCase(tx store.Tx, k contract.Contract, last calendar.Month) (Case, error) {
	c := Case{Contract: k, Finalised: last, From: s.From}
	var err error
	if c.Client, err = contract.ClientByRef(tx, k.Client); err != nil {
		return c, err
	}
	if c.Entries, err = support.EntriesOf(tx, k.ID); err != nil {
		return c, err
	}
	c.Settled, err = settlementsOf(tx, k.ID)
	return c, err
}

// settlementsOf are those of a contract, in the order of time.
func settlementsOf(tx store.Tx, contractID string) ([]Settlement, error) {
	all, err := settlements.ByIndex(tx, "contract", contractID)
	slices.SortFunc(all, compareSettlements)
	return all, err
}

// finalised finds the record of a finalised month.
func finalised(tx store.Tx, m calendar.Month) (Month, bool, error) {
	found, err := months.Has(tx, m.String())
	if err != nil || !found {
		return Month{}, false, err
	}
	done, err := months.Get(tx, m.String())
	return done, true, err
}

// lastFinalised is the latest finalised month, zero if there is none.
func lastFinalised(tx store.Tx) (calendar.Month, error) {
	var last calendar.Month
	var err error
	for _, m := range months.All(tx, &err) {
		last = m.Month
	}
	return last, err
}

// Months are the finalised months, oldest first.
func (s *Service) Months() (all []Month, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = months.List(tx)
		return err
	})
	return all, err
}
