package support

import (
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestTake: a second takeover adds nothing, from a file with numbers or without, also
// after a correction; a record that changed is named; one bad record and nothing is booked.
func TestTake(t *testing.T) {
	db, anne := store.Memory(), contract.Actor{Who: "anne"}
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book, ledger := contract.NewBook(db, clock.Real(), calendar.Paris(), offers), NewLedger(db, clock.Real(), calendar.Paris())
	if _, err := book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: calendar.NewDate(2025, 9, 1), Employees: 3}); err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2025, 9, day, hour, minute, second, 0, calendar.Paris())
	}
	one := Foreign{Line: 2, ID: "41", Client: "Kerlann", Kind: contract.Training, Who: "anne", Began: at(2, 9, 0, 20), Took: 5430 * time.Second}
	night := Foreign{Line: 3, ID: "42", Client: "kerlann", Kind: contract.Assistance, Who: "anne", Began: at(3, 23, 30, 0), Took: time.Hour}
	blink := Foreign{Line: 4, ID: "43", Client: "kerlann", Kind: contract.Assistance, Who: "anne", Began: at(4, 9, 0, 0), Took: 29 * time.Second}
	take := func(want string, records ...Foreign) []Entry {
		t.Helper()
		out, err := ledger.Take(anne, Takeover{Program: "kimai", Name: "k.json", Records: records})
		var words []string
		for _, e := range out.Entries {
			words = append(words, e.Date.String()+" "+e.Minutes.String())
		}
		if out.Known > 0 {
			words = append(words, "known")
		}
		for _, r := range out.Left {
			words = append(words, r.Why)
		}
		got := strings.Join(words, ", ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		return out.Entries
	}
	unknown := one
	unknown.Client, unknown.ID, unknown.Line = "nobody", "50", 7
	take("k.json: 1 of 3 rows cannot be booked, so none was\n  line 7: record 50: no client \"nobody\"", one, night, unknown)
	made := take("2025-09-02 1h31, 2025-09-03 30min, 2025-09-04 30min, it took 29s: less than half a minute", one, night, blink)
	take("known", one, night)
	bare := one
	bare.ID, bare.Began, bare.Took = "", at(2, 9, 0, 0), 90*time.Minute // the same in a CSV, which cuts seconds
	take("known", bare)
	none := calendar.Minutes(0)
	if _, err := ledger.Correct(anne, made[0].ID, Correction{Minutes: &none, Why: "not ours"}); err != nil {
		t.Fatal(err)
	}
	take("known", one)
	take("known", bare)
	longer := one
	longer.Took = 2 * time.Hour
	take("k.json: 1 of 1 rows cannot be booked, so none was\n  line 2: record 41: duration 2h00: it was taken over with 1h31 as H000001 and has changed since; mend it with accolade hours correct H000001", longer)
	twice := bare
	twice.Began, twice.Took, twice.Line = at(5, 9, 0, 0), time.Minute, 9
	again := twice
	again.Line = 10
	take("k.json: 1 of 2 rows cannot be booked, so none was\n  line 10: anne was at work already from 2025-09-05 09:00 to 2025-09-05 09:01 (H000005, kerlann)", twice, again)
	if all, err := ledger.List(Filter{}); err != nil || len(all) != 4 {
		t.Errorf("the ledger has %d entries (%v), want 4", len(all), err)
	}
}
