package billing

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/store"
)

// Numbers come from a counter of the store for each year, in the transaction that
// freezes the document: what is not frozen takes no number, so there is no gap and no
// double (article 242 nonies A, annexe II du Code général des impôts). Credit notes
// have a series of their own.

func invoiceNumber(year int, n uint64) string { return fmt.Sprintf("F%d-%04d", year, n) }

func creditNumber(year int, n uint64) string { return fmt.Sprintf("A%d-%04d", year, n) }

// advanceNumber is of the series of deposit invoices (facture d'acompte), which are issued
// while the month of other invoices is still open.
func advanceNumber(year int, n uint64) string { return fmt.Sprintf("FA%d-%04d", year, n) }

func nextAdvance(tx store.Tx, year int) (uint64, error) {
	return store.Sequence(tx, fmt.Sprintf("advance/%d", year))
}

// TypeOf is what a number is of: its first letters say of which series it is.
func TypeOf(number string) Type {
	switch {
	case strings.HasPrefix(number, "A"):
		return CreditNote
	case strings.HasPrefix(number, "FA"):
		return DepositInvoice
	}
	return Regular
}

func nextInvoice(tx store.Tx, year int) (uint64, error) {
	return store.Sequence(tx, fmt.Sprintf("invoice/%d", year))
}

func nextCredit(tx store.Tx, year int) (uint64, error) {
	return store.Sequence(tx, fmt.Sprintf("credit/%d", year))
}

// inOrder refuses a document that is older than the one with the number before.
func inOrder(documents string, today calendar.Date, before string, of calendar.Date) error {
	if today.Before(of) {
		return refused("set the machine's clock", "%s are numbered in the order of time: %s is of %s, and today is %s", documents, before, of, today)
	}
	return nil
}
