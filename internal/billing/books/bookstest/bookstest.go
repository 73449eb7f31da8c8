// Package bookstest draws documents for the tests of those who write them.
package bookstest

import (
	"fmt"
	"iter"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Month is the one that drawn documents are of.
var Month = calendar.Month{Year: 2026, Month: 9}

// text draws what people and spreadsheets make trouble with.
var text = rapid.OneOf(
	rapid.SampledFrom([]string{"", "Mairie de Kerlann", "=1+1", "'=1+1", "+33 2", "-5", "@x", "'", "a;b", `dit "le Roux"`, "a\nb", "\tx", "Œuvre à l'été\u00a0€", "007", "1,5", "2026-09-01", "TRUE", "<&>", "_x0041_", "🚲"}),
	rapid.String(),
)

// Documents draws up to most documents: invoices and credit notes over every category,
// rate and sign of line, whose sums are right.
func Documents(most int) *rapid.Generator[[]books.Document] {
	return rapid.Custom(func(t *rapid.T) []books.Document {
		n := rapid.IntRange(0, most).Draw(t, "documents")
		docs := make([]books.Document, 0, n)
		var invoices, notes int
		for range n {
			d := Document().Draw(t, "document")
			if d.Kind == books.CreditNote {
				notes++
				d.Number, d.Refers = fmt.Sprintf("A2026-%04d", notes), fmt.Sprintf("F2026-%04d", max(1, invoices))
			} else {
				invoices++
				d.Number = fmt.Sprintf("F2026-%04d", invoices)
			}
			docs = append(docs, d)
		}
		return docs
	})
}

// Document draws one, without its number.
func Document() *rapid.Generator[books.Document] {
	return rapid.Custom(func(t *rapid.T) books.Document {
		inv := billing.Invoice{Month: Month, Date: Month.Last(), Due: Month.Last().AddDays(billing.DueDays), Contract: "kerlann-1", Offer: "classic",
			Client: billing.Buyer{ID: rapid.StringMatching(`[a-z]{1,9}(-[a-z0-9]{1,5})?`).Draw(t, "id"), Name: text.Draw(t, "name"), SIREN: "732829320", SIRET: "73282932000074"}}
		for range rapid.IntRange(0, 4).Draw(t, "lines") {
			inv.Lines = append(inv.Lines, line(t))
		}
		total(&inv)
		if inv.Total < 0 { // nobody is invoiced less than nothing
			for i := range inv.Lines {
				inv.Lines[i].Net = -inv.Lines[i].Net
			}
			total(&inv)
		}
		d := books.Of(inv)
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			d.Kind = books.CreditNote
		}
		return d
	})
}

func line(t *rapid.T) billing.Line {
	kinds := []struct {
		category billing.Category
		rate     money.Rate
	}{{billing.Standard, 2000}, {billing.Standard, 1000}, {billing.Standard, 550}, {billing.Standard, 210}, {billing.Exempt, 0}, {billing.ZeroRate, 0}}
	kind := rapid.SampledFrom(kinds).Draw(t, "vat")
	return billing.Line{
		Part: rapid.SampledFrom([]billing.Part{billing.Subscription, billing.Setup, billing.Hours, billing.EarlyEnd}).Draw(t, "part"),
		Unit: rapid.SampledFrom([]billing.Unit{billing.Employee, billing.Seat, billing.Minute, billing.Piece}).Draw(t, "unit"), Per: rapid.SampledFrom([]int64{1, 60}).Draw(t, "per"),
		Title: text.Draw(t, "title"), Detail: text.Draw(t, "detail"), For: Month.Add(-rapid.IntRange(0, 2).Draw(t, "late")), From: Month.First(), To: Month.Last(),
		Quantity: rapid.Int64Range(-100_000, 100_000).Draw(t, "quantity"), Price: money.UnitPrice(rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, "price")),
		Net: money.Cents(rapid.Int64Range(-1_000_000_00, 1_000_000_00).Draw(t, "net")), Category: kind.category, Rate: kind.rate,
	}
}

// total adds up as billing does.
func total(inv *billing.Invoice) {
	inv.Groups, inv.Net, inv.Tax = nil, 0, 0
next:
	for _, l := range inv.Lines {
		inv.Net += l.Net
		for i := range inv.Groups {
			if g := &inv.Groups[i]; g.Category == l.Category && g.Rate == l.Rate {
				g.Net += l.Net
				continue next
			}
		}
		inv.Groups = append(inv.Groups, billing.TaxGroup{Category: l.Category, Rate: l.Rate, Net: l.Net})
	}
	for i := range inv.Groups {
		g := &inv.Groups[i]
		g.Tax = money.Round(g.Rate.Of(g.Net))
		inv.Tax += g.Tax
	}
	inv.Total = inv.Net + inv.Tax
}

// Each is documents one after the other.
func Each(docs []books.Document) iter.Seq2[books.Document, error] {
	return func(yield func(books.Document, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// Same compares documents as files hold them: no lines are no lines, and of a client
// there is what a sheet shows.
var Same = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Transformer("Buyer", func(b billing.Buyer) [4]string { return [4]string{b.ID, b.Name, b.SIREN, b.SIRET} }),
}
