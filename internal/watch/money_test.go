package watch

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// hand is a clock that is moved by hand.
type hand struct {
	clock.Clock
	at time.Time
}

func (h *hand) Now() time.Time { return h.at }

func TestMonthsAndTimers(t *testing.T) {
	clk := &hand{Clock: clock.Real(), at: time.Date(2026, 9, 30, 20, 0, 0, 0, time.UTC)}
	db, anne := store.Memory(), contract.Actor{Who: "anne"}
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	solo := offers["solo"]
	solo.Setup, solo.Hour = contract.PriceOf(25000), contract.PriceOf(5000)
	offers["solo"] = solo
	book := contract.NewBook(db, clk, calendar.Paris(), offers)
	ledger := support.NewLedger(db, clk, calendar.Paris())
	bills := billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris()})
	tell := func() string {
		var words []string
		for _, c := range Conditions([]Named{{"months", Months(bills)}, {"timers", Timers(ledger, clk)}}) {
			words = append(words, string(c.Level)+" "+c.Of+": "+c.What)
		}
		return strings.Join(words, "\n")
	}
	if _, err := book.AddClient(anne, contract.Client{Name: "Marie", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Sign(anne, contract.New{Client: "marie", Offer: "solo", Start: calendar.NewDate(2026, 9, 1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Start(anne, support.Booking{Client: "marie", Kind: contract.Training, Who: "anne"}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at   time.Time
		want string
	}{
		{clk.at, ""},
		{time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC), ""},
		{time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC), "warning month/2026-09: the month has ended and is not invoiced; the configuration lacks seller.name"},
		{time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC), "warning month/2026-09: the month has ended and is not invoiced, nor are 1 after it"},
		{time.Date(2026, 10, 1, 12, 1, 0, 0, time.UTC), "warning timer/anne: the timer of anne for marie runs for 16h01"},
	} {
		clk.at = step.at
		if got := tell(); (step.want == "") != (got == "") || !strings.Contains(got, step.want) {
			t.Errorf("at %s the table says %q, want %q", step.at, got, step.want)
		}
	}
}

// TestAllowances wants a threshold in the table for two weeks.
func TestAllowances(t *testing.T) {
	clk := &hand{Clock: clock.Real(), at: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)}
	db, anne := store.Memory(), contract.Actor{Who: "anne"}
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(db, clk, calendar.Paris(), offers)
	ledger := support.NewLedger(db, clk, calendar.Paris())
	if _, err := book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: calendar.NewDate(2026, 9, 15), Employees: 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Add(anne, support.Booking{Client: "kerlann", Date: calendar.NewDate(2026, 9, 16), Minutes: 1110, Kind: contract.Training, Who: "anne"}); err != nil {
		t.Fatal(err)
	}
	if err := (&support.Warner{Ledger: ledger, Log: slog.New(slog.DiscardHandler)}).Run(t.Context(), clk.at); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]string{0: "kerlann has used 18h30 of the 20h00 of its contract year (to 2027-09-14), more than 75 %", 14: "kerlann", 15: ""} {
		clk.at = time.Date(2026, 10, 1+days, 6, 0, 0, 0, time.UTC)
		all := Conditions([]Named{{"allowances", Allowances(ledger, clk)}})
		if (want == "") != (len(all) == 0) || len(all) > 0 && (all[0].Level != Warning || all[0].Of != "allowance/kerlann" || !strings.Contains(all[0].What, want)) {
			t.Errorf("after %d days: %+v, want %q", days, all, want)
		}
	}
}
