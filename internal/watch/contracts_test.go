package watch

import (
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

func TestTermsThatEnd(t *testing.T) {
	clk := &hand{Clock: clock.Real(), at: time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)}
	anne := contract.Actor{Who: "anne"}
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(store.Memory(), clk, calendar.Paris(), offers)
	if _, err := book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: calendar.NewDate(2026, 9, 15), Employees: 3}); err != nil {
		t.Fatal(err)
	}
	on := func(day string, want ...string) {
		t.Helper()
		d, err := calendar.Parse(day)
		if err != nil {
			t.Fatal(err)
		}
		clk.at = d.Midnight(calendar.Paris()).Add(8 * time.Hour)
		var words []string
		for _, c := range Conditions([]Named{{"contracts", Contracts(book)}}) {
			words = append(words, c.Of+": "+c.What+" "+c.Fix)
		}
		got := strings.Join(words, "; ")
		if len(want) == 0 && got != "" {
			t.Errorf("on %s: %s", day, got)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("on %s: %q, want it to say %q", day, got, w)
			}
		}
	}
	on("2027-06-15")
	on("2027-06-16", "contract/kerlann-1: the term ends on 2027-09-14, in 90 days (reminder at 90 days)", "accolade contract renew kerlann")
	on("2027-08-14", "in 31 days (reminder at 90 days)")
	on("2027-08-15", "in 30 days (reminder at 30 days)")
	on("2027-09-14", "in 0 days")
	on("2027-09-15") // it runs on
	clk.at = time.Date(2027, 8, 20, 8, 0, 0, 0, time.UTC)
	if _, err := book.Renew(anne, contract.Renew{Client: "kerlann"}, false); err != nil {
		t.Fatal(err)
	}
	on("2027-08-20")
	on("2028-08-20", "the term ends on 2028-09-14")
	if _, err := book.End(anne, contract.End{Client: "kerlann", On: calendar.NewDate(2028, 9, 14)}); err != nil {
		t.Fatal(err)
	}
	on("2028-08-20")
}
