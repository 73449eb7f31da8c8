package books_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/money"
)

// kerlann is the October of docs/billing.md.
func kerlann() books.Document {
	return books.Document{Kind: books.Invoice, Number: "F2026-0002", Month: bookstest.Month, Date: bookstest.Month.Last(), Client: billing.Buyer{ID: "kerlann", Name: "Kerlann"},
		Groups: []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 513_10, Tax: 102_62}}, Net: 513_10, Tax: 102_62, Total: 615_72}
}

func TestEntryOfAnInvoice(t *testing.T) {
	e, err := books.Usual().Entry(kerlann())
	if err != nil {
		t.Fatal(err)
	}
	want := []books.Posting{
		{Account: books.Account{Number: "411", Name: "Clients"}, Client: "kerlann", ClientName: "Kerlann", Debit: 615_72},
		{Account: books.Account{Number: "706", Name: "Prestations de services"}, Credit: 513_10},
		{Account: books.Account{Number: "44571", Name: "TVA collectée"}, Credit: 102_62},
	}
	if !slices.Equal(e.Lines, want) || e.Text != "Facture F2026-0002 Kerlann" {
		t.Errorf("entry %q %v\nwant %v", e.Text, e.Lines, want)
	}
}

// A credit note is booked the other way round, and takes back what the invoice booked.
func TestEntryOfACreditNote(t *testing.T) {
	note := kerlann()
	note.Kind, note.Number, note.Refers = books.CreditNote, "A2026-0001", "F2026-0002"
	e, err := books.Usual().Entry(note)
	if err != nil {
		t.Fatal(err)
	}
	if e.Text != "Avoir A2026-0001 sur F2026-0002 Kerlann" || e.Lines[0].Credit != 615_72 || e.Lines[1].Debit != 513_10 || e.Lines[2].Debit != 102_62 {
		t.Errorf("entry %q %v", e.Text, e.Lines)
	}
}

// What billing freezes becomes a document: a credit note names its invoice, a discount
// is one more line, a deposit has an account of its own.
func TestOf(t *testing.T) {
	inv := billing.Invoice{Number: "A2026-0001", Type: billing.CreditNote, Corrects: &billing.Reference{Number: "F2026-0002"}, Month: bookstest.Month, Date: bookstest.Month.Last(),
		Lines:     []billing.Line{{Title: "Serveur\u00a0", Net: 100_00, Category: billing.Standard, Rate: 2000}},
		Discounts: []billing.Discount{{Reason: "fidélité", Net: 10_00, Category: billing.Standard, Rate: 2000}},
		Groups:    []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 90_00, Tax: 18_00}}, Net: 90_00, Tax: 18_00, Total: 108_00}
	d := books.Of(inv)
	if d.Kind != books.CreditNote || d.Refers != "F2026-0002" || len(d.Lines) != 2 || d.Lines[0].Title != "Serveur" || d.Lines[1].Net != -10_00 || d.Lines[1].Price != -10_000000 {
		t.Errorf("document %+v", d)
	}
	inv.Type, inv.Number = billing.DepositInvoice, "F2026-0003"
	e, err := books.Usual().Entry(books.Of(inv))
	if err != nil || e.Lines[1].Account.Number != "4191" || e.Text != "Facture d'acompte F2026-0003" {
		t.Errorf("entry of a deposit %+v, %v", e, err)
	}
}

func TestAccountsPerRate(t *testing.T) {
	a := books.Usual()
	a.ByRate = map[money.Rate]books.Account{550: {Number: "445712", Name: "TVA 5,5 %"}}
	d := kerlann()
	d.Groups = append(d.Groups, billing.TaxGroup{Category: billing.Standard, Rate: 550, Net: -100_00, Tax: -5_50})
	d.Net, d.Tax, d.Total = 413_10, 97_12, 510_22
	e, err := a.Entry(d)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range e.Lines {
		lines = append(lines, p.Account.Number+" "+p.Debit.Decimal()+" "+p.Credit.Decimal())
	}
	want := "411 510.22 0.00, 706 0.00 513.10, 706 100.00 0.00, 44571 0.00 102.62, 445712 5.50 0.00"
	if got := strings.Join(lines, ", "); got != want {
		t.Errorf("entry %s\nwant  %s: a negative amount stands on the other side", got, want)
	}
}

func TestSumsThatDifferAreRefused(t *testing.T) {
	d := kerlann()
	d.Total++
	if _, err := books.Usual().Entry(d); err == nil || err.Error() != "invoice F2026-0002: its total and its amounts per rate differ by 0.01 EUR" {
		t.Errorf("a document whose sums differ: %v", err)
	}
}

// Entries are balanced, numbered without a gap, and come to what the documents do.
func TestEntriesAreBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := bookstest.Documents(12).Draw(t, "documents")
		after := rapid.IntRange(0, 1000).Draw(t, "after")
		var owed, sold, tax, wantOwed, wantSold, wantTax money.Cents
		n := after
		for e, err := range books.Usual().Entries(after, bookstest.Month.Last().AddDays(2), bookstest.Each(docs)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; e.Number != n {
				t.Fatalf("entry %d, want %d", e.Number, n)
			}
			var off money.Cents
			for _, p := range e.Lines {
				if (p.Debit == 0) == (p.Credit == 0) || p.Debit < 0 || p.Credit < 0 {
					t.Fatalf("posting %+v: want one positive side", p)
				}
				off += p.Debit - p.Credit
				switch p.Account.Number {
				case "411":
					owed += p.Debit - p.Credit
				case "706":
					sold += p.Credit - p.Debit
				case "44571":
					tax += p.Credit - p.Debit
				}
			}
			if off != 0 {
				t.Fatalf("entry %d is off by %s", e.Number, off)
			}
		}
		for _, d := range docs {
			wantOwed, wantSold, wantTax = wantOwed+d.Signed(d.Total), wantSold+d.Signed(d.Net), wantTax+d.Signed(d.Tax)
		}
		if owed != wantOwed || sold != wantSold || tax != wantTax {
			t.Fatalf("booked %s, %s, %s; the documents come to %s, %s, %s", owed, sold, tax, wantOwed, wantSold, wantTax)
		}
	})
}

func TestPlain(t *testing.T) {
	if got := books.Plain("\ta\u00a0b\r\n\x00c  d "); got != "a b c d" {
		t.Errorf("Plain gives %q", got)
	}
}
