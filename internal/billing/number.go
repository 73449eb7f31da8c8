package billing

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/store"
)

// Numbers come from a counter of the store for each year, in the transaction that
// freezes the document: what is not frozen takes no number, so there is no gap and no
// double (article 242 nonies A, annexe II du Code général des impôts). Credit notes
// have a series of their own.

func invoiceNumber(year int, n uint64) string { return fmt.Sprintf("F%d-%04d", year, n) }

func creditNumber(year int, n uint64) string { return fmt.Sprintf("A%d-%04d", year, n) }

func nextInvoice(tx store.Tx, year int) (uint64, error) {
	return store.Sequence(tx, fmt.Sprintf("invoice/%d", year))
}

func nextCredit(tx store.Tx, year int) (uint64, error) {
	return store.Sequence(tx, fmt.Sprintf("credit/%d", year))
}
