package billing_test

import (
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// A renewal changes price, overage and allowance from an anniversary on, to the day,
// and nothing before it.
func TestRenewal(t *testing.T) {
	f := newFirm(t)
	f.at("2026-09-01")
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Indexation = 2_50; return nil })
	f.must(err)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	_, err = f.book.EditOffer(anne, "classic", func(o *contract.Offer) error {
		o.Price, o.Hour, o.Included = contract.PriceOf(4500), contract.PriceOf(7000), 600
		return nil
	})
	f.must(err)
	for _, m := range f.monthsTo("2027-08") {
		f.at(f.month(m).Add(1).First().String())
		f.finalise(m)
	}
	f.at("2027-10-01")
	f.work("kerlann", "2027-09-14", 1230) // 30 minutes over 20 hours, at 60 EUR
	f.work("kerlann", "2027-09-15", 660)  // an hour over 10 hours, at 70 EUR
	// A renewal that is entered late, for a day in the month that has just ended.
	k, err := f.book.Renew(anne, contract.Renew{Client: "kerlann", From: f.day("2027-09-15")}, false)
	f.must(err)
	if got := k.Renewals[0].Offer.Price.Cents; got != 3998 { // 39 x 1.025 = 39.975
		t.Errorf("the indexed price is %s, want 39.98", got)
	}
	if got := k.TermEnd(); got != f.day("2028-09-14") {
		t.Errorf("the second term ends on %s", got)
	}
	inv := f.finalise("2027-09")[0]
	f.wantLines(inv,
		"2027-09 subscription 218.40", // 12 x 39 x 14/30
		"2027-09 subscription 255.87", // 12 x 39.98 x 16/30 = 255.872
		"2027-09 hours 30.00", "2027-09 hours 70.00")
	if inv.Allowance.Included != 600 || inv.Allowance.Over != 60 {
		t.Errorf("the allowance of the new year is %+v", inv.Allowance)
	}
	// Ending in the second term owes the rest of that term at its price.
	_, err = f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2028-08-31")})
	f.must(err)
	ended := slices.Collect(func(yield func(money.Cents) bool) {
		for _, m := range []string{"2027-10", "2027-11", "2027-12", "2028-01", "2028-02", "2028-03", "2028-04", "2028-05", "2028-06", "2028-07", "2028-08"} {
			f.at(f.month(m).Add(1).First().String())
			for _, l := range f.finalise(m)[0].Lines {
				if l.Part == billing.EarlyEnd && !yield(l.Net) {
					return
				}
			}
		}
	})
	if len(ended) != 1 || ended[0] != 22389 { // 12 x 39.98 x 14/30 = 223.888
		t.Errorf("early end came to %v, want 223.89 once", ended)
	}
}

// monthsTo are the months from September 2026 to one.
func (f *firm) monthsTo(last string) (all []string) {
	for m := f.month("2026-09"); !m.After(f.month(last)); m = m.Add(1) {
		all = append(all, m.String())
	}
	return all
}

// A renewal that reaches back into finalised months comes as a difference.
func TestLateRenewal(t *testing.T) {
	f := newFirm(t)
	f.at("2026-09-01")
	f.client("Kerlann", "classic", "2025-09-15", 10)
	f.at("2026-11-01")
	f.must(f.finaliseAll("2026-10"))
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Price = contract.PriceOf(4200); return nil })
	f.must(err)
	_, err = f.book.Renew(anne, contract.Renew{Client: "kerlann", From: f.day("2026-09-15")}, false)
	f.must(err)
	f.at("2026-12-01")
	f.wantLines(f.finalise("2026-11")[0], "2026-11 subscription 420.00",
		"2026-09 subscription 16.00", // 10 x 3 x 16/30
		"2026-10 subscription 30.00")
}

func (f *firm) finaliseAll(last string) error {
	open, err := f.bills.Pending(f.month(last))
	for _, m := range open {
		if err == nil {
			_, err = f.bills.Finalise(anne, m)
		}
	}
	return err
}

// Days of a notice that was not kept are owed where they go beyond the term.
func TestNotice(t *testing.T) {
	f := newFirm(t)
	f.at("2026-06-01")
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.NoticeMonths = 3; return nil })
	f.must(err)
	f.client("Kerlann", "classic", "2025-09-01", 2)
	f.must(f.finaliseAll("2026-05"))
	f.at("2026-07-31")
	_, err = f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2026-08-31")})
	f.refuses(err, "notice given on 2026-07-31 runs for 3 months, to 2026-10-31", "--early")
	_, err = f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2026-08-31"), Noticed: f.day("2026-08-01")})
	f.refuses(err, "noticed 2026-08-01")
	_, err = f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2026-08-31"), Early: contract.Bill})
	f.must(err)
	f.at("2026-09-01")
	f.must(f.finaliseAll("2026-07"))
	inv := f.finalise("2026-08")[0]
	f.wantLines(inv, "2026-08 subscription 78.00", "2026-08 early-end 156.00") // September and October
	if want := "Fin du contrat au 31 août 2026 avant la fin du préavis du 31 octobre 2026 : 2 salariés, à 39,00 € par mois"; nbsp(inv.Lines[1].Detail) != want {
		t.Errorf("the line says %q, want %q", nbsp(inv.Lines[1].Detail), want)
	}
}

func nbsp(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }
