package quote_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// desk is where quotes are written.
type desk struct {
	*testing.T
	clock.Clock
	now    time.Time
	db     store.DB
	book   *contract.Book
	bills  *billing.Service
	quotes *quote.Service
	words  string // of the texts that the cooperative has
}

func (d *desk) Now() time.Time { return d.now }

func (d *desk) at(s string) { d.now = day(d, s).Midnight(calendar.Paris()).Add(9 * time.Hour).UTC() }

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) refuses(err error, words ...string) {
	d.Helper()
	if err == nil {
		d.Errorf("nothing was refused, want %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			d.Errorf("error %q, want it to say %q", err, w)
		}
	}
}

func seller() billing.Seller {
	return billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "capital variable", Address: []string{"12 quai", "56100 Lorient"},
		SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", LateRate: "12 %"}
}

func newDesk(t *testing.T, db store.DB) *desk {
	d := &desk{T: t, Clock: clock.Real(), db: db}
	offers, err := contract.ReadOffers("")
	d.must(err)
	for name, o := range offers {
		o.Hour = contract.PriceOf(6000)
		if o.Setup.State != contract.NoPrice {
			o.Setup = contract.PriceOf(25000)
		}
		offers[name] = o
	}
	d.book = contract.NewBook(db, d, calendar.Paris(), offers)
	d.bills = billing.New(billing.Options{DB: db, Clock: d, Zone: calendar.Paris(), Seller: seller(), Documents: t.TempDir(),
		Render: func(billing.Invoice) ([]byte, error) { return nil, nil }})
	d.quotes = &quote.Service{DB: db, Clock: d, Zone: calendar.Paris(), Book: d.book, Bills: d.bills,
		Conditions: func(q quote.Quote) (string, error) { return d.words + q.Offer.Name, nil }}
	d.at("2026-11-25")
	return d
}

func (d *desk) request() quote.Request {
	return quote.Request{
		Prospect: &contract.Client{Name: "Atelier Kerlann", Kind: contract.Business, SIREN: "732829320",
			Address:  contract.Address{Lines: []string{"4 rue du Port"}, PostCode: "56100", City: "Lorient"},
			Contacts: []contract.Contact{{Name: "Anne Le Goff", Roles: []contract.Role{contract.Billing}, Mail: "anne@kerlann.example"}}},
		Offer: "classic", Employees: 12, Start: day(d, "2027-01-01"), Valid: day(d, "2026-12-15"),
		Charges: []quote.Item{{Text: "Deuxième écran", Net: 14900}}, Discounts: []quote.Item{{Text: "Remise de bienvenue", Net: 5000}},
	}
}

func (d *desk) issue(edit func(*quote.Request)) quote.Quote {
	d.Helper()
	r := d.request()
	if edit != nil {
		edit(&r)
	}
	q, err := d.quotes.Issue(anne, r)
	d.must(err)
	return q
}

// TestAccept: a yes makes client, contract and what is due once, and the first invoice
// comes to what was quoted.
func TestAccept(t *testing.T) {
	d := newDesk(t, store.Memory())
	q := d.issue(nil)
	if q.Number != "D2026-0001" || q.StateOn(d.quotes.Today()) != quote.Open {
		t.Errorf("issued %s, %s", q.Number, q.State)
	}
	if m, o := q.Monthly(), q.Once(); m.Net != 12*3900 || m.Tax != 9360 || o.Net != 9900 || o.Tax != 1980 {
		t.Errorf("monthly %s + %s, once %s + %s", m.Net, m.Tax, o.Net, o.Tax)
	}
	if net, ok := q.Committed(); !ok || net != 12*12*3900+9900 {
		t.Errorf("the term comes to %s", net)
	}
	// The price list moves on; the quote does not.
	_, err := d.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Price = contract.PriceOf(4500); return nil })
	d.must(err)
	d.words = "other words: "
	if kept, err := d.quotes.Quote(q.Number); err != nil || kept.Conditions != "classic" {
		t.Errorf("the quote says %q today (%v), it said %q", kept.Conditions, err, "classic")
	}
	d.at("2026-12-20") // it was signed in time and lay on the table
	_, _, err = d.quotes.Accept(anne, quote.Acceptance{Number: q.Number})
	d.refuses(err, "D2026-0001 could be accepted until 2026-12-15")
	q, k, err := d.quotes.Accept(anne, quote.Acceptance{Number: q.Number, On: day(t, "2026-12-10")})
	d.must(err)
	if q.State != quote.Accepted || q.Contract != "atelier-kerlann-1" || k.Offer.Price.Cents != 3900 || k.CountOn(k.Start) != 12 {
		t.Errorf("accepted as %+v, contract %+v", q, k)
	}
	later := d.issue(func(r *quote.Request) { r.Prospect.Name, r.Valid = "Atelier Penmarch", calendar.Date{} })
	_, _, err = d.quotes.Accept(anne, quote.Acceptance{Number: later.Number, Start: day(t, "2025-01-01")})
	d.refuses(err, "start 2025-01-01 is refused: at most a year back")
	if later, k, err := d.quotes.Accept(anne, quote.Acceptance{Number: later.Number, Start: day(t, "2027-02-01")}); err != nil || later.Start != day(t, "2027-01-01") || k.Start != day(t, "2027-02-01") {
		t.Errorf("accepted for another day: the quote says %s, the contract %s (%v)", later.Start, k.Start, err)
	}
	_, _, err = d.quotes.Accept(anne, quote.Acceptance{Number: q.Number})
	d.refuses(err, "D2026-0001 was accepted on 2026-12-10 and became the contract atelier-kerlann-1")
	d.at("2027-02-01")
	_, err = d.bills.Finalise(anne, day(t, "2027-01-01").MonthOf())
	d.must(err)
	first, err := d.bills.Invoices(day(t, "2027-01-01").MonthOf())
	d.must(err)
	if want := q.Monthly().Net + q.Once().Net; len(first) != 1 || first[0].Net != want {
		t.Errorf("the first invoice is %+v, quoted was %s", first, want)
	}
}

// TestDecidedOnce: no answer is given twice, and none after the last day.
func TestDecidedOnce(t *testing.T) {
	d := newDesk(t, store.Memory())
	for i, decide := range []struct {
		how  func(number string) error
		want string
	}{
		{func(n string) error { _, err := d.quotes.Refuse(anne, n, "trop cher"); return err }, "was refused on 2026-11-25"},
		{func(n string) error { _, err := d.quotes.Withdraw(anne, n, "erreur de prix"); return err }, "was withdrawn on 2026-11-25: erreur de prix"},
	} {
		q := d.issue(nil)
		d.must(decide.how(q.Number))
		_, _, err := d.quotes.Accept(anne, quote.Acceptance{Number: q.Number})
		d.refuses(err, q.Number, decide.want)
		_, err = d.quotes.Refuse(anne, q.Number, "")
		d.refuses(err, decide.want)
		if all, _ := d.book.Contracts(); len(all) != 0 {
			t.Errorf("case %d left contracts: %v", i, all)
		}
	}
	q := d.issue(nil)
	d.at("2026-12-16")
	if s := q.StateOn(d.quotes.Today()); s != quote.Expired {
		t.Errorf("after its last day the state is %s", s)
	}
	_, _, err := d.quotes.Accept(anne, quote.Acceptance{Number: q.Number})
	d.refuses(err, "could be accepted until 2026-12-15", q.Number)
	_, err = d.quotes.Withdraw(anne, q.Number, " ")
	d.refuses(err, "reason is missing")
	_, _, err = d.quotes.Accept(anne, quote.Acceptance{Number: "D2026-9999"})
	d.refuses(err, `no quote "D2026-9999"`)
}

// TestNothingHalfAccepted fails the acceptance at its last step: no client, no contract,
// no line stays, and the audit tells of nothing.
func TestNothingHalfAccepted(t *testing.T) {
	d := newDesk(t, store.Memory())
	first, second := d.issue(nil), d.issue(nil)
	_, _, err := d.quotes.Accept(anne, quote.Acceptance{Number: first.Number})
	d.must(err)
	_, _, err = d.quotes.Accept(anne, quote.Acceptance{Number: second.Number})
	d.refuses(err, "a client named", "is there already")
	third := d.issue(func(r *quote.Request) { r.Prospect, r.Client = nil, "atelier-kerlann" })
	before := dump(d)
	_, _, err = d.quotes.Accept(anne, quote.Acceptance{Number: third.Number, On: day(t, "2026-11-25")})
	d.refuses(err, "contracts of one client do not overlap")
	if after := dump(d); after != before {
		t.Errorf("a refused acceptance left something:\n%s\n%s", before, after)
	}
}

// dump is all that the store holds.
func dump(d *desk) string {
	var all strings.Builder
	d.must(d.db.View(func(tx store.Tx) error {
		for k, v := range tx.Scan(nil) {
			all.WriteString(string(k) + "=" + string(v) + "\n")
		}
		return nil
	}))
	return all.String()
}

func TestRequestsRefused(t *testing.T) {
	d := newDesk(t, store.Memory())
	_, err := d.book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
	d.must(err)
	before := dump(d)
	for name, c := range map[string]struct {
		edit func(*quote.Request)
		want string
	}{
		"nobody":          {func(r *quote.Request) { r.Prospect = nil }, "client is missing: want either"},
		"both":            {func(r *quote.Request) { r.Client = "kerlann" }, "want either a client, or a prospect"},
		"unknown":         {func(r *quote.Request) { r.Prospect, r.Client = nil, "nobody" }, `no client "nobody"`},
		"a client's name": {func(r *quote.Request) { r.Prospect.Name = "KERLANN" }, "is there already"},
		"siren":           {func(r *quote.Request) { r.Prospect.SIREN = "732829321" }, "prospect.siren 732829321 is refused"},
		"offer":           {func(r *quote.Request) { r.Offer = "gold" }, `no offer "gold"`},
		"version":         {func(r *quote.Request) { r.Version = 7 }, "written for version 7 of the offer classic, which is at version 1"},
		"employees":       {func(r *quote.Request) { r.Employees = 0 }, "employees 0 is refused"},
		"many":            {func(r *quote.Request) { r.Employees = 26 }, "we serve up to 25"},
		"start":           {func(r *quote.Request) { r.Start = calendar.Date{} }, "start is missing"},
		"valid":           {func(r *quote.Request) { r.Valid = day(d, "2026-11-24") }, "valid 2026-11-24 is refused: the last day to accept has passed"},
		"charge":          {func(r *quote.Request) { r.Charges[0].Net = -1 }, "charges[0].net -0.01 is refused: want euros before tax, above 0"},
		"reason":          {func(r *quote.Request) { r.Discounts[0].Text = " " }, "discounts[0].reason is missing"},
		"discount":        {func(r *quote.Request) { r.Discounts[0].Net = 468_01 }, "discounts 468.01 is refused: no invoice could bear more than 468.00"},
	} {
		t.Run(name, func(t *testing.T) {
			r := d.request()
			c.edit(&r)
			_, err := d.quotes.Issue(anne, r)
			(&desk{T: t}).refuses(err, c.want)
			if dump(d) != before {
				t.Error("what was refused left something behind")
			}
		})
	}
	d.bills.Seller.IBAN = ""
	_, err = d.quotes.Issue(anne, d.request())
	d.refuses(err, "seller.iban")
}

// TestAudited: each step of a quote's life stands in the audit, and nothing else does.
func TestAudited(t *testing.T) {
	d := newDesk(t, store.Memory())
	q := d.issue(nil)
	_, _, err := d.quotes.Accept(anne, quote.Acceptance{Number: q.Number})
	d.must(err)
	_, err = d.quotes.Refuse(anne, d.issue(func(r *quote.Request) { r.Prospect.Name = "Autre" }).Number, "")
	d.must(err)
	var actions []string
	d.must(d.db.View(func(tx store.Tx) error {
		var failed error
		for r := range audit.List(tx, 0, &failed) {
			actions = append(actions, r.Action)
		}
		return failed
	}))
	want := "quote.create client.add contract.add contract.charge contract.discount quote.accept quote.create quote.refuse"
	if got := strings.Join(actions, " "); got != want {
		t.Errorf("the audit tells of %s, want %s", got, want)
	}
}

// TestExport: a quote written out and read again is the request that it was made from.
func TestExport(t *testing.T) {
	d := newDesk(t, store.Memory())
	q := d.issue(func(r *quote.Request) { r.Note = "Une remarque: \"oui\" # non\n- et\ttout" })
	r, err := quote.Parse("devis.yaml", q.Request().YAML())
	d.must(err)
	again := d.issue(func(to *quote.Request) { *to = r })
	if got, want := string(again.Request().YAML()), string(q.Request().YAML()); got != want {
		t.Errorf("exported again:\n%s\nwant\n%s", got, want)
	}
}

func TestBadFiles(t *testing.T) {
	const good = "client: kerlann\noffer: classic\nemployees: 3\nstart: 2027-01-01\n"
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown key": {good + "prise: 3\n", `devis.yaml:5:1: unknown field "prise"`},
		"number":      {"client: kerlann\noffer: classic\nemployees: many\nstart: 2027-01-01\n", "devis.yaml:3:12: employees many is refused: want a whole number"},
		"day":         {"client: kerlann\noffer: classic\nstart: 2027-02-30\n", "devis.yaml:3:8: start 2027-02-30 is refused"},
		"net":         {good + "charges:\n  - {text: Écran, net: 12}\n  - text: Livre\n    net: 1.005\n", "devis.yaml:8:10: charges[1].net 1.005 is refused"},
		"list":        {good + "note: [a, b]\n", "devis.yaml:5:7: want a single value"},
		"prospect":    {"prospect:\n  name: Kerlann\n  kind: firm\noffer: classic\nstart: 2027-01-01\n", "devis.yaml:3:9: prospect.kind firm is refused"},
		"postcode":    {"prospect: {name: K, kind: school, address: {lines: [rue], postcode: 5610, city: L}}\noffer: classic\nstart: 2027-01-01\n", "prospect.address.postcode 5610 is refused"},
		"missing":     {"client: kerlann\nstart: 2027-01-01\n", "devis.yaml: offer is missing"},
		"no text":     {"client: \xff\n", "devis.yaml: want UTF-8 text"},
		"long":        {"note: " + strings.Repeat("x", 70_000), "devis.yaml: want UTF-8 text of at most 64 KiB"},
		"empty":       {"", "devis.yaml: client is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := quote.Parse("devis.yaml", []byte(c.yaml))
			var bad *quote.BadFile
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
