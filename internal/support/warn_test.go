package support

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// postbox keeps the mails it is handed, or refuses them.
type postbox struct {
	keys, subjects []string
	broken         bool
}

func (p *postbox) Send(_ context.Context, key, subject, _ string) error {
	if p.broken {
		return errors.New("no relay")
	}
	p.keys, p.subjects = append(p.keys, key), append(p.subjects, subject)
	return nil
}

// morning is a clock that is moved by hand.
type morning struct {
	clock.Clock
	at time.Time
}

func (m *morning) Now() time.Time { return m.at }

// TestWarner wants one mail for each threshold and contract year, through failures,
// restarts and corrections.
func TestWarner(t *testing.T) {
	clk := &morning{clock.Real(), time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)}
	db, anne := store.Memory(), contract.Actor{Who: "anne"}
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	offer := offers["classic"]
	offer.Hour = contract.PriceOf(6000)
	offers["classic"] = offer
	book, ledger := contract.NewBook(db, clk, calendar.Paris(), offers), NewLedger(db, clk, calendar.Paris())
	for _, name := range []string{"Kerlann", "Penmarch"} {
		if _, err := book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := book.Sign(anne, contract.New{Client: name, Offer: "classic", Start: calendar.NewDate(2026, 9, 15), Employees: 3}); err != nil {
			t.Fatal(err)
		}
	}
	mails := &postbox{}
	add := func(client string, day calendar.Date, minutes calendar.Minutes) Entry {
		t.Helper()
		e, err := ledger.Add(anne, Booking{Client: client, Date: day, Minutes: minutes, Kind: contract.Training, Who: "anne"})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	look := func(wantErr bool, want ...string) {
		t.Helper()
		mails.subjects = nil
		err := (&Warner{Ledger: ledger, Notifier: mails, Log: slog.New(slog.DiscardHandler)}).Run(t.Context(), clk.at)
		if (err != nil) != wantErr || !slices.Equal(mails.subjects, want) {
			t.Errorf("mails %q (%v), want %q", mails.subjects, err, want)
		}
	}
	look(false)
	add("kerlann", calendar.NewDate(2026, 9, 16), 899)
	look(false)
	last := add("kerlann", calendar.NewDate(2026, 9, 17), 100)
	mails.broken = true
	look(true)
	mails.broken = false
	look(false, "Accolade: kerlann has used 75 % of its hours")
	look(false)
	none := calendar.Minutes(0)
	if _, err := ledger.Correct(anne, last.ID, Correction{Minutes: &none, Why: "twice"}); err != nil {
		t.Fatal(err)
	}
	add("kerlann", calendar.NewDate(2026, 9, 18), 200)
	look(false) // told already
	add("kerlann", calendar.NewDate(2026, 9, 19), 101)
	add("penmarch", calendar.NewDate(2026, 9, 20), 1200) // both thresholds at once: the higher is told
	look(false, "Accolade: the hours of 2 clients run out")
	if told, err := ledger.Warnings(clk.at.Add(-time.Hour)); err != nil || len(told) != 2 || told[0].Percent != 100 || told[1].Percent != 100 {
		t.Errorf("warnings %+v (%v), want 100 %% of both", told, err)
	}
	clk.at = time.Date(2027, 9, 20, 6, 0, 0, 0, time.UTC)
	look(false)
	add("kerlann", calendar.NewDate(2027, 9, 16), 1000) // the next contract year
	look(false, "Accolade: kerlann has used 75 % of its hours")
	if len(slices.Compact(slices.Sorted(slices.Values(mails.keys)))) != len(mails.keys) {
		t.Errorf("keys %q, want each once", mails.keys)
	}
}
