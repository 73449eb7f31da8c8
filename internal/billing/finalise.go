package billing

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Finalise freezes a month: every contract's invoice gets its number, content and
// hash in one transaction, or nothing happens. A month that is finalised already
// comes back as it is. It goes by the accounts as they are; the workflow compares them
// with the ledger before.
func (s *Service) Finalise(a contract.Actor, m calendar.Month) (done Month, err error) {
	err = s.DB.Update(func(tx store.Tx) error {
		done, err = s.FinaliseTx(tx, a, m)
		return err
	})
	return done, err
}

// FinaliseTx is Finalise inside a transaction.
func (s *Service) FinaliseTx(tx store.Tx, a contract.Actor, m calendar.Month) (Month, error) {
	done, found, err := finalised(tx, m)
	if err != nil || found {
		return done, err
	}
	if err := s.mayFinalise(tx, m); err != nil {
		return Month{}, err
	}
	done = Month{Month: m, At: s.Clock.Now(), By: a.Who, Invoices: []string{}}
	err = s.drafts(tx, m, calendar.Date{}, func(c Case, d Draft) error {
		if d.Due() {
			if err := c.Client.Invoiceable(); err != nil {
				return err
			}
			n, err := nextInvoice(tx, m.Year)
			if err != nil {
				return err
			}
			d.Invoice.Number = invoiceNumber(m.Year, n)
			d.Settlement.Invoice = d.Invoice.Number
			if err := s.keep(tx, d.Invoice); err != nil {
				return err
			}
			if err := carry(tx, d); err != nil {
				return err
			}
			if err := spend(tx, d.Invoice); err != nil {
				return err
			}
			done.Invoices = append(done.Invoices, d.Invoice.Number)
			done.Net, done.Tax, done.Total = done.Net+d.Invoice.Net, done.Tax+d.Invoice.Tax, done.Total+d.Invoice.Total
		}
		if !d.Settlement.empty() {
			if err := settlements.Insert(tx, m.String()+"/"+d.Settlement.Contract, d.Settlement); err != nil {
				return err
			}
		}
		b := c.balance()
		b.close(d)
		return b.keep(tx)
	})
	if err != nil {
		return Month{}, err
	}
	if err := months.Insert(tx, m.String(), done); err != nil {
		return Month{}, err
	}
	return done, audit.Append(tx, done.At, audit.Record{Who: a.Who, From: a.From, Action: "month.finalise", Object: "month/" + m.String(), Result: "ok",
		Detail: fmt.Sprintf("%d invoices, %s: %s", len(done.Invoices), done.Total, strings.Join(done.Invoices, " "))})
}

// keep holds a numbered invoice for good: its content, and the hash of its XML. An
// invoice that cannot be written for machines is refused, so its number is not lost.
func (s *Service) keep(tx store.Tx, inv Invoice) error {
	hash := ""
	if s.XML != nil {
		xml, err := s.XML(inv)
		if err != nil {
			return err
		}
		hash = hashOf(xml)
	}
	if err := KeepLogo(tx, inv.Seller); err != nil {
		return err
	}
	return archive.insert(tx, inv, hash)
}

// Check tells whether a month could be finalised now; nil for one that is.
func (s *Service) Check(m calendar.Month) error {
	return s.DB.View(func(tx store.Tx) error {
		if _, found, err := finalised(tx, m); err != nil || found {
			return err
		}
		if err := s.mayFinalise(tx, m); err != nil {
			return err
		}
		return s.drafts(tx, m, calendar.Date{}, func(c Case, d Draft) error { return d.invoiceable(c) })
	})
}

// invoiceable refuses a draft that cannot become an invoice for what its client's record
// lacks, as finalising does; it does not write the invoice for that.
func (d Draft) invoiceable(c Case) error {
	if !d.Due() {
		return nil
	}
	if err := c.Client.Invoiceable(); err != nil {
		return err
	}
	return d.Invoice.Client.Addressed()
}

// mayFinalise refuses what would break the law's order: numbers are chronological,
// so months are finalised one after the other.
func (s *Service) mayFinalise(tx store.Tx, m calendar.Month) error {
	if err := s.ended(m); err != nil {
		return err
	}
	next, err := s.next(tx)
	switch {
	case err != nil:
		return err
	case next.IsZero():
		return &operation.Refused{Why: fmt.Sprintf("no contract has started by %s: there is nothing to finalise", m.Last()), Fix: "sign one with: accolade contract add"}
	case next.Before(m):
		return &operation.Refused{Why: fmt.Sprintf("%s is not finalised, and invoices are numbered in the order of time", next), Fix: fmt.Sprintf("first: accolade month finalise %s", next)}
	case m.Before(next):
		return beforeTheFirst(tx, m, next)
	}
	return s.sellerReady()
}

// beforeTheFirst refuses a month before the first that was finalised, or is to be.
func beforeTheFirst(tx store.Tx, m, first calendar.Month) error {
	done, err := months.List(tx)
	if err != nil {
		return err
	}
	if len(done) > 0 {
		first = done[0].Month
	}
	return refused("what comes late for it stands on the next invoice", "%s lies before the first month that is invoiced here, %s", m, first)
}

// sellerReady refuses to invoice for a seller of whom something is missing.
func (s *Service) sellerReady() error {
	if missing := s.Seller.Missing(); len(missing) > 0 {
		return &operation.Refused{Why: "the law wants on every invoice what the configuration does not give: " + strings.Join(missing, ", "), Fix: "set these keys in accoladed's configuration file, then restart it"}
	}
	return nil
}

// next is the month that is to be finalised next; zero while no contract has started.
func (s *Service) next(tx store.Tx) (calendar.Month, error) {
	last, err := lastFinalised(tx)
	if err != nil {
		return last, err
	}
	if !last.IsZero() {
		return last.Add(1), nil
	}
	all, err := contract.AllContracts(tx)
	var first calendar.Month
	for _, k := range all {
		if m := k.Start.MonthOf(); first.IsZero() || m.Before(first) {
			first = m
		}
	}
	if !first.IsZero() && first.Before(s.From) {
		first = s.From
	}
	return first, err
}

// Pending are the months that have ended and are not finalised, oldest first, up to
// and including last.
func (s *Service) Pending(last calendar.Month) (pending []calendar.Month, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		next, err := s.next(tx)
		if err != nil || next.IsZero() {
			return err
		}
		for m := next; !m.After(last) && m.Last().Before(s.Today()); m = m.Add(1) {
			pending = append(pending, m)
		}
		return nil
	})
	return pending, err
}

// Invoice reads a frozen invoice and the SHA-256 of its content.
func (s *Service) Invoice(number string) (inv Invoice, sha256 string, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		inv, sha256, err = archive.read(tx, number)
		return err
	})
	return inv, sha256, err
}

// Invoices are the frozen invoices of a month, by number.
func (s *Service) Invoices(m calendar.Month) (all []Invoice, err error) {
	numbers, err := s.numbers(m)
	if err != nil {
		return nil, err
	}
	err = s.DB.View(func(tx store.Tx) error {
		all = nil
		for _, number := range numbers {
			inv, err := archive.get(tx, number)
			if err != nil {
				return err
			}
			all = append(all, inv)
		}
		return nil
	})
	return all, err
}

// numbers are those of a finalised month's invoices. They never change.
func (s *Service) numbers(m calendar.Month) (all []string, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		done, found, err := finalised(tx, m)
		if err != nil {
			return err
		}
		if !found {
			return &operation.Refused{Why: fmt.Sprintf("%s is not finalised", m), Fix: fmt.Sprintf("accolade month finalise %s, or look at it with: accolade month preview %s", m, m)}
		}
		all = done.Invoices
		return nil
	})
	return all, err
}
