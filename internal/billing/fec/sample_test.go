package fec_test

import (
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
)

// sample are an invoice and the credit note for a part of it.
func sample() []books.Document {
	buyer := billing.Buyer{ID: "kerlann", Name: "École\tde Kerlann"}
	return []books.Document{
		{Kind: books.Invoice, Number: "F2026-0002", Month: bookstest.Month, Date: bookstest.Month.Last(), Client: buyer,
			Groups: []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 513_10, Tax: 102_62}}, Net: 513_10, Tax: 102_62, Total: 615_72},
		{Kind: books.CreditNote, Number: "A2026-0001", Refers: "F2026-0002", Month: bookstest.Month, Date: bookstest.Month.Last(), Client: buyer,
			Groups: []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 43_33, Tax: 8_67}}, Net: 43_33, Tax: 8_67, Total: 52_00},
	}
}
