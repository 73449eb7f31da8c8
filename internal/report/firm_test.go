package report_test

import (
	"path/filepath"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/report"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// firm is a cooperative with its books open.
type firm struct {
	*testing.T
	clock.Clock
	now     time.Time
	db      store.DB
	book    *contract.Book
	ledger  *support.Ledger
	bills   *billing.Service
	reports *report.Service
	space   map[calendar.Month]int64
}

func (f *firm) Now() time.Time { return f.now }

// at moves the clock to the morning of a day.
func (f *firm) at(s string) {
	f.Helper()
	f.now = f.day(s).Midnight(calendar.Paris()).Add(9 * time.Hour).UTC()
}

func (f *firm) day(s string) calendar.Date {
	f.Helper()
	d, err := calendar.Parse(s)
	f.must(err)
	return d
}

func (f *firm) month(s string) calendar.Month { return f.day(s + "-01").MonthOf() }

func (f *firm) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func seller() billing.Seller {
	return billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "Capital variable", Address: []string{"12 quai du Péristyle", "56100 Lorient"},
		SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189",
		LateRate: "12 %", Mail: "bonjour@accolade.example", Phone: "02 97 00 00 00"}
}

var costs = margin.Settings{Hour: "35", TravelHour: "45", VaultGB: "0.02", Relay: "1.50", Spare: "20", Life: "96", Upkeep: "30min"}

func newFirm(t *testing.T, edit ...func(*report.Parts)) *firm {
	f := &firm{T: t, Clock: clock.Real(), db: store.Memory(), space: map[calendar.Month]int64{}}
	offers, err := contract.ReadOffers("")
	f.must(err)
	for name, o := range offers {
		o.Hour = contract.PriceOf(6000)
		if o.Setup.State != contract.NoPrice {
			o.Setup = contract.PriceOf(25000)
		}
		offers[name] = o
	}
	f.book = contract.NewBook(f.db, f, calendar.Paris(), offers)
	f.ledger = support.NewLedger(f.db, f, calendar.Paris())
	f.bills = billing.New(billing.Options{DB: f.db, Clock: f, Zone: calendar.Paris(), Seller: seller(), Documents: filepath.Join(t.TempDir(), "documents"),
		Render: func(inv billing.Invoice) ([]byte, error) { return []byte("paper of " + inv.Number), nil }})
	p := report.Parts{DB: f.db, Clock: f, Zone: calendar.Paris(), Book: f.book, Ledger: f.ledger, Bills: f.bills, Fleet: fleet.NewRegistry(f.db, f), Costs: costs,
		Space: func(string) (map[calendar.Month]int64, error) { return f.space, nil }}
	for _, e := range edit {
		e(&p)
	}
	f.reports = report.New(p)
	f.at("2026-09-14")
	return f
}

func (f *firm) client(name, offer, start string, employees int) {
	f.Helper()
	_, err := f.book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
	f.must(err)
	_, err = f.book.Sign(anne, contract.New{Client: name, Offer: offer, Start: f.day(start), Employees: employees})
	f.must(err)
}

// work books hours.
func (f *firm) work(b support.Booking, day string) support.Entry {
	f.Helper()
	b.Date, b.Who = f.day(day), "anne"
	e, err := f.ledger.Add(anne, b)
	f.must(err)
	return e
}

// box puts one into the fleet, of a client or shared.
func (f *firm) box(name, client string) {
	f.Helper()
	f.must(f.db.Update(func(tx store.Tx) error {
		return fleet.Boxes.Insert(tx, name, fleet.Box{Name: name, Client: client, State: fleet.BoxReady})
	}))
}
