package support_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// hand is a clock that is moved by hand.
type hand struct {
	clock.Clock
	at time.Time
}

func (h *hand) Now() time.Time { return h.at }

func (h *hand) to(t *testing.T, s string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", s, calendar.Paris())
	if err != nil {
		t.Fatal(err)
	}
	h.at = at.UTC()
}

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// office is a ledger with two clients on classic since September.
func office(t *testing.T) (*support.Ledger, *hand) {
	t.Helper()
	return officeIn(t, store.Memory())
}

func officeIn(t *testing.T, db store.DB) (*support.Ledger, *hand) {
	t.Helper()
	clk := &hand{Clock: clock.Real()}
	clk.to(t, "2026-11-02 09:00:00")
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(db, clk, calendar.Paris(), offers)
	for _, name := range []string{"Kerlann", "Penmarch"} {
		if _, err := book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := book.Sign(anne, contract.New{Client: name, Offer: "classic", Start: day(t, "2026-09-15"), Employees: 3}); err != nil {
			t.Fatal(err)
		}
	}
	return support.NewLedger(db, clk, calendar.Paris()), clk
}

func work(t *testing.T, on string, minutes calendar.Minutes) support.Booking {
	return support.Booking{Client: "kerlann", Date: day(t, on), Minutes: minutes, Kind: contract.Assistance, Who: "anne"}
}

func wants(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("nothing was refused, want %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want it to say %q", err, w)
		}
	}
}

func TestRefusals(t *testing.T) {
	l, _ := office(t)
	for _, test := range []struct {
		name string
		edit func(*support.Booking)
		want []string
	}{
		{"longer than the day", func(b *support.Booking) { b.Minutes = 1441 }, []string{"minutes 1441", "2026-10-06 has only 24h00"}},
		{"longer than a day of 25 hours", func(b *support.Booking) { b.Date, b.Minutes = day(t, "2026-10-25"), 1501 }, []string{"has only 25h00"}},
		{"nothing", func(b *support.Booking) { b.Minutes = 0 }, []string{"minutes 0"}},
		{"negative", func(b *support.Booking) { b.Minutes = -5 }, []string{"minutes -5", "hours correct"}},
		{"future", func(b *support.Booking) { b.Date = day(t, "2026-11-03") }, []string{"2026-11-03", "future"}},
		{"before the contract", func(b *support.Booking) { b.Date = day(t, "2026-09-14") }, []string{"no contract on 2026-09-14"}},
		{"kind", func(b *support.Booking) { b.Kind = "tea" }, []string{"kind tea", "accompaniment"}},
		{"client", func(b *support.Booking) { b.Client = "nobody" }, []string{`"nobody"`}},
		{"technician", func(b *support.Booking) { b.Who = "" }, []string{"technician is missing"}},
		{"time", func(b *support.Booking) { b.Began = "25:00" }, []string{"began 25:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := work(t, "2026-10-06", 60)
			test.edit(&b)
			_, err := l.Add(anne, b)
			wants(t, err, test.want...)
		})
	}
	if all, err := l.List(support.Filter{}); err != nil || len(all) != 0 {
		t.Errorf("%d entries after refusals", len(all))
	}
	before := work(t, "2026-09-14", 240)
	before.Kind = contract.Intervention
	if _, err := l.Add(anne, before); err != nil {
		t.Errorf("the installation before the contract: %v", err)
	}
	if _, err := l.Add(anne, work(t, "2026-10-06", 1000)); err != nil {
		t.Fatal(err)
	}
	_, err := l.Add(anne, work(t, "2026-10-06", 500))
	wants(t, err, "anne on 2026-10-06 would have 25h00")
}

func TestGroup(t *testing.T) {
	l, _ := office(t)
	b := work(t, "2026-10-06", 100)
	b.Kind = contract.Training
	made, err := l.AddGroup(anne, b, []support.Seat{{Client: "kerlann", Seats: 2}, {Client: "penmarch", Seats: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if made[0].Minutes != 67 || made[1].Minutes != 33 || made[1].Group.ID != made[0].ID {
		t.Errorf("the session of 100 minutes became %+v", made)
	}
	_, err = l.AddGroup(anne, b, []support.Seat{{Client: "kerlann", Seats: 2}, {Client: "Kerlann", Seats: 1}})
	wants(t, err, "named twice")
	_, err = l.AddGroup(anne, b, []support.Seat{{Client: "kerlann", Seats: 0}, {Client: "penmarch", Seats: 1}})
	wants(t, err, "seats 0")
}

// TestSessionAtAKnownHour: a part of a session can be mended though the others stand at
// the same hour, and other work cannot stand there.
func TestSessionAtAKnownHour(t *testing.T) {
	l, _ := office(t)
	b := work(t, "2026-10-06", 100)
	b.Kind, b.Began = contract.Training, "14:00"
	made, err := l.AddGroup(anne, b, []support.Seat{{Client: "kerlann", Seats: 2}, {Client: "penmarch", Seats: 1}})
	if err != nil {
		t.Fatal(err)
	}
	late := work(t, "2026-10-06", 10) // after each part, before the end of the session
	late.Began = "15:20"
	_, err = l.Add(anne, late)
	wants(t, err, "at work already from 2026-10-06 14:00 to 2026-10-06 15:40")
	note := "tableur"
	for _, e := range made {
		if _, err := l.Correct(anne, e.ID, support.Correction{Note: &note, Why: "note"}); err != nil {
			t.Errorf("%s: %v", e.Client, err)
		}
	}
	other := work(t, "2026-10-06", 10)
	other.Began = "14:10"
	_, err = l.Add(anne, other)
	wants(t, err, "at work already from 2026-10-06 14:00")
	// It was shorter than it was booked: then there is room behind it.
	all, err := l.List(support.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	short := calendar.Minutes(20)
	for _, e := range support.Standing(all) {
		if _, err := l.Correct(anne, e.ID, support.Correction{Minutes: &short, Why: "plus court"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = l.Add(anne, late); err != nil {
		t.Error(err)
	}
}

func TestCorrection(t *testing.T) {
	l, _ := office(t)
	e, err := l.Add(anne, work(t, "2026-10-06", 120))
	if err != nil {
		t.Fatal(err)
	}
	hour := calendar.Minutes(60)
	_, err = l.Correct(anne, e.ID, support.Correction{Minutes: &hour})
	wants(t, err, "why is missing")
	whole := calendar.Minutes(120)
	_, err = l.Correct(anne, e.ID, support.Correction{Minutes: &whole, Why: "lunch"})
	wants(t, err, e.ID+" would be replaced by the same", "say what was wrong")
	made, err := l.Correct(anne, e.ID, support.Correction{Minutes: &hour, Why: "lunch"})
	if err != nil {
		t.Fatal(err)
	}
	if made[0].Minutes != -120 || made[0].Reverts != e.ID || made[1].Minutes != 60 || made[1].Replaces != e.ID {
		t.Errorf("correction = %+v", made)
	}
	_, err = l.Correct(anne, e.ID, support.Correction{Minutes: &hour, Why: "again"})
	wants(t, err, "was corrected already, by "+made[0].ID)
	_, err = l.Correct(anne, made[0].ID, support.Correction{Minutes: &hour, Why: "again"})
	wants(t, err, "takes "+e.ID+" back")
	none := calendar.Minutes(0)
	if made, err = l.Correct(anne, made[1].ID, support.Correction{Minutes: &none, Why: "never done"}); err != nil || len(made) != 1 {
		t.Errorf("cancelled: %+v, %v", made, err)
	}
	if b, err := l.Balance("kerlann", day(t, "2026-10-31")); err != nil || b.Used != 0 || b.Left != 1200 {
		t.Errorf("balance = %+v, %v; want nothing used", b, err)
	}
	if _, err := l.Correct(anne, "H999999", support.Correction{Why: "x"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown entry: %v", err)
	}
}

func TestTimer(t *testing.T) {
	l, clk := office(t)
	clk.to(t, "2026-11-02 23:00:20")
	start := support.Booking{Client: "kerlann", Kind: contract.Assistance, Who: "anne"}
	if _, err := l.Start(anne, start); err != nil {
		t.Fatal(err)
	}
	start.Client = "penmarch"
	_, err := l.Start(anne, start)
	wants(t, err, "timer running already, for kerlann since 2026-11-02 23:00")
	clk.to(t, "2026-11-03 00:30:00")
	made, err := l.Stop(anne, support.Stopping{Who: "anne", Note: "nuit"})
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 2 || made[0].Minutes != 60 || made[1].Minutes != 30 || made[1].Date != day(t, "2026-11-03") || made[1].Note != "nuit" {
		t.Errorf("across midnight: %+v, want 60 and 30 minutes", made)
	}
	_, err = l.Stop(anne, support.Stopping{Who: "anne"})
	wants(t, err, "no timer running")
	if _, err := l.Start(anne, start); err != nil {
		t.Fatalf("right after the last: %v", err)
	}
	clk.to(t, "2026-11-04 09:00:00")
	_, err = l.Stop(anne, support.Stopping{Who: "anne"})
	wants(t, err, "cannot be right")
	if made, err = l.Stop(anne, support.Stopping{Who: "anne", Minutes: 45}); err != nil || len(made) != 1 || made[0].Minutes != 45 {
		t.Errorf("with minutes: %+v, %v", made, err)
	}
	b := work(t, "2026-11-03", 60)
	b.Began = "00:40"
	_, err = l.Add(anne, b)
	wants(t, err, "at work already from 2026-11-03 00:30 to 2026-11-03 01:15")
}
