package agreement_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/agreement"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/templates"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// desk is a cooperative with one client and his contract.
type desk struct {
	*testing.T
	clock.Clock
	now    time.Time
	book   *contract.Book
	bills  *billing.Service
	papers *agreement.Service
	more   string // what the cooperative's own text says besides
}

func (d *desk) Now() time.Time { return d.now }

func (d *desk) at(s string) {
	d.Helper()
	day, err := calendar.Parse(s)
	d.must(err)
	d.now = day.Midnight(calendar.Paris()).Add(9 * time.Hour).UTC()
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, Clock: clock.Real()}
	d.at("2026-12-10")
	offers, err := contract.ReadOffers("")
	d.must(err)
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	db := store.Memory()
	d.book = contract.NewBook(db, d, calendar.Paris(), offers)
	d.bills = billing.New(billing.Options{DB: db, Clock: d, Zone: calendar.Paris(), Documents: t.TempDir(),
		Seller: billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "capital variable", Address: []string{"12 quai", "56100 Lorient"},
			SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", LateRate: "12 %"},
		Render: func(billing.Invoice) ([]byte, error) { return nil, nil }})
	d.papers = &agreement.Service{DB: db, Clock: d, Zone: calendar.Paris(), Bills: d.bills,
		Articles: func(k contract.Contract, start calendar.Date, client billing.Buyer, seller billing.Seller) (string, error) {
			text, err := paper.Articles(k, start, client, seller, templates.Texts{})
			return text + d.more, err
		}}
	_, err = d.book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue du Port"}, PostCode: "56100", City: "Lorient"}})
	d.must(err)
	_, err = d.book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: calendar.NewDate(2027, 1, 1), Employees: 12})
	d.must(err)
	return d
}

func (d *desk) make(anew bool) agreement.Made {
	d.Helper()
	m, err := d.papers.Make(anne, "kerlann-1", anew)
	d.must(err)
	return m
}

// drawn is a version as it comes out today.
func (d *desk) drawn(version int) []byte {
	d.Helper()
	p, err := d.papers.Paper("kerlann-1", version)
	d.must(err)
	pdf, err := paper.Contract(p)
	d.must(err)
	return pdf
}

func (d *desk) refused(err error, words string) {
	d.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		d.Errorf("error %v, want it to say %q", err, words)
	}
}

// TestAPaperStays: what was made comes out the same, whatever changes: client, seller,
// texts, headcount, price. What differs is told, and the next version says it.
func TestAPaperStays(t *testing.T) {
	d := newDesk(t)
	_, err := d.papers.Paper("kerlann-1", 0)
	d.refused(err, "no paper of the contract kerlann-1 was made")
	first := d.make(false)
	if first.Version != 1 || first.Name() != "kerlann-1" || first.Changes != nil || first.Differs != nil {
		t.Errorf("the first paper is %+v", first)
	}
	_, err = d.papers.Make(anne, "kerlann-1", true)
	d.refused(err, "a paper of kerlann-1 that is made today would say what version 1 of 2026-12-10 says")
	before := d.drawn(0)

	edits := []struct {
		what, says string
		edit       func()
	}{
		{"the bank and the looks", "", func() { d.bills.Seller.IBAN, d.bills.Seller.Colour = "FR7630001007941234567890185", "#112233" }},
		{"the client's name", "Le nom du client : Kerlann devient École de Kerlann. L'article « Objet ».", func() {
			_, err := d.book.EditClient(anne, "kerlann", func(c *contract.Client) error { c.Name = "École de Kerlann"; return nil })
			d.must(err)
		}},
		{"the client's address", "L'adresse ou les identifiants du client.", func() {
			_, err := d.book.EditClient(anne, "kerlann", func(c *contract.Client) error { c.Address.Lines = []string{"2 rue du Port"}; return nil })
			d.must(err)
		}},
		{"our address", "Les coordonnées ou les mentions de la coopérative.", func() { d.bills.Seller.Address = []string{"1 place", "56100 Lorient"} }},
		{"the headcount of the first day", "Les articles « Objet » et « Prix ».", func() {
			_, err := d.book.SetHeadcount(anne, contract.Change{Client: "kerlann", Headcount: contract.Headcount{From: calendar.NewDate(2027, 1, 1), Count: 11}, Replace: true})
			d.must(err)
		}},
		{"the text", "« Télétravail »", func() { d.more = "\n\n# Télétravail\nNon compris.\n" }},
		{"the price list alone", "« Télétravail »", func() {
			_, err := d.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Price = contract.PriceOf(4500); return nil })
			d.must(err)
		}},
	}
	d.at("2027-03-02")
	for _, e := range edits {
		e.edit()
		m := d.make(false)
		if got := strings.Join(m.Differs, " "); !strings.Contains(got, e.says) || (e.says == "") != (got == "") {
			t.Errorf("%s changed: told %q, want %q", e.what, got, e.says)
		}
		if m.Version != 1 || !bytes.Equal(d.drawn(0), before) {
			t.Errorf("%s changed, and the paper came out otherwise", e.what)
		}
	}
	second := d.make(true)
	if second.Version != 2 || second.Name() != "kerlann-1-v2" || second.Replaces != first.Made || second.Made != calendar.NewDate(2027, 3, 2) ||
		!slices.Contains(second.Changes, "Les articles « Objet », « Prix » et « Télétravail ».") {
		t.Errorf("the second version is %+v", second.Changes)
	}
	if !strings.Contains(second.Text, "École de Kerlann") || strings.Contains(second.Text, "45,00") || !bytes.Equal(d.drawn(1), before) || bytes.Equal(d.drawn(2), before) {
		t.Error("the second version does not say today's name at the signed price, or the first is not what it was")
	}
	if m := d.make(false); m.Version != 2 || m.Differs != nil {
		t.Errorf("asked again: version %d, differs %q", m.Version, m.Differs)
	}
	for _, wrong := range []int{-1, 3} {
		_, err := d.papers.Paper("kerlann-1", wrong)
		d.refused(err, "the paper of kerlann-1 has the versions 1 to 2")
	}
	// A renewal is another term at another price: its paper says so.
	d.at("2027-12-20")
	_, err = d.book.Renew(anne, contract.Renew{Client: "kerlann"}, false)
	d.must(err)
	third := d.make(true)
	words := strings.Join(strings.Fields(third.Text), " ") // some spaces do not break
	if third.Version != 3 || third.Start != calendar.NewDate(2028, 1, 1) || !strings.Contains(words, "12 mois, du 1er janvier 2028 au 31 décembre 2028") ||
		!strings.Contains(words, "45,00 € HT par salarié") || !bytes.Equal(d.drawn(1), before) {
		t.Errorf("the paper of the renewal: %+v", third)
	}
}

// TestNothingHalfMade: a seller who is not told, a text that cannot be read and a contract
// that is not there leave no paper; two at once make one.
func TestNothingHalfMade(t *testing.T) {
	d := newDesk(t)
	whole := d.bills.Seller
	d.bills.Seller.RCS = ""
	_, err := d.papers.Make(anne, "kerlann-1", false)
	d.refused(err, "a contract says who sells, and the configuration does not: seller.rcs")
	d.bills.Seller = whole
	_, err = d.papers.Make(anne, "kerlann-9", false)
	d.refused(err, `no contract "kerlann-9"`)
	_, err = d.papers.Paper("kerlann-1", 0)
	d.refused(err, "no paper of the contract kerlann-1 was made")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if m, err := d.papers.Make(anne, "kerlann-1", false); err != nil || m.Version != 1 {
				t.Errorf("made at once: version %d, %v", m.Version, err)
			}
		})
	}
	wait.Wait()
}
