package contract_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// noon is a clock that stands still.
type noon struct{ clock.Clock }

func (noon) Now() time.Time { return time.Date(2026, 9, 14, 10, 0, 0, 0, time.UTC) }

func newBook(t *testing.T) *contract.Book {
	t.Helper()
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	return contract.NewBook(store.Memory(), noon{clock.Real()}, calendar.Paris(), offers)
}

func kerlann() contract.Client {
	return contract.Client{Name: "Atelier Kerlann", Kind: contract.Business, SIREN: "732 829 320",
		Address: contract.Address{Lines: []string{"4 rue du Port"}, PostCode: "56100", City: "Lorient"}}
}

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wants checks that an error tells the words in question.
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

func TestClients(t *testing.T) {
	b := newBook(t)
	c, err := b.AddClient(anne, kerlann())
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != "atelier-kerlann" || c.SIREN != "732829320" || c.Language != "fr" || c.Address.Country != "FR" {
		t.Errorf("client = %+v", c)
	}
	for _, name := range []string{"Atelier Kerlann", "ATELIER  kerlann", "atélier-kerlann"} {
		again := kerlann()
		again.Name = name
		_, err := b.AddClient(anne, again)
		wants(t, err, `a client named "Atelier Kerlann" is there already`)
	}
	if got, err := b.Client("Atelier KERLANN"); err != nil || got.ID != c.ID {
		t.Errorf("by name: %v, %v", got.ID, err)
	}
	if _, err := b.Client("nobody"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown client: %v, want not found", err)
	}
	other := kerlann()
	other.Name = "Kerlann & fils"
	if _, err := b.AddClient(anne, other); err != nil {
		t.Fatal(err)
	}
	_, err = b.EditClient(anne, "kerlann-fils", func(c *contract.Client) error { c.Name = "Atelier Kerlann"; return nil })
	wants(t, err, "is there already")
	if got, err := b.EditClient(anne, "kerlann-fils", func(c *contract.Client) error { c.Name, c.ID = "Kerlann père", "x"; return nil }); err != nil || got.ID != "kerlann-fils" || got.Name != "Kerlann père" {
		t.Errorf("renamed: %+v, %v; the ID must stay", got, err)
	}
	if got, err := b.Client("Kerlann père"); err != nil || got.ID != "kerlann-fils" {
		t.Errorf("by its new name: %v, %v", got.ID, err)
	}
}

func TestClientRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(*contract.Client)
		want []string
	}{
		{"no name", func(c *contract.Client) { c.Name = " " }, []string{"name is missing"}},
		{"kind", func(c *contract.Client) { c.Kind = "shop" }, []string{"kind shop", "business, association"}},
		{"siren by Luhn", func(c *contract.Client) { c.SIREN = "732829321" }, []string{"siren 732829321", "Luhn"}},
		{"siren short", func(c *contract.Client) { c.SIREN = "7328" }, []string{"nine digits"}},
		{"siren missing", func(c *contract.Client) { c.SIREN = "" }, []string{"siren is missing"}},
		{"siret of another", func(c *contract.Client) { c.SIRET = "35600000000048" }, []string{"does not start with the SIREN 732829320"}},
		{"town hall without siret", func(c *contract.Client) { c.Kind = contract.TownHall }, []string{"siret is missing", "Chorus Pro"}},
		{"rna of a business", func(c *contract.Client) { c.RNA = "W561234567" }, []string{"only associations"}},
		{"rna", func(c *contract.Client) { c.Kind, c.RNA = contract.Association, "W56" }, []string{"rna W56", "W561234567"}},
		{"vat of another", func(c *contract.Client) { c.VATNumber = "FR32123456782" }, []string{"does not end with the SIREN"}},
		{"vat key", func(c *contract.Client) { c.VATNumber = "FR99732829320" }, []string{"key 99"}},
		{"no street", func(c *contract.Client) { c.Address.Lines = nil }, []string{"address is missing"}},
		{"post code", func(c *contract.Client) { c.Address.PostCode = "5610" }, []string{"post code 5610", "five digits"}},
		{"language", func(c *contract.Client) { c.Language = "br" }, []string{"fr or en"}},
		{"mail", func(c *contract.Client) { c.Contacts = []contract.Contact{{Name: "Anne", Mail: "anne"}} }, []string{"mail anne"}},
		{"role", func(c *contract.Client) {
			c.Contacts = []contract.Contact{{Name: "Anne", Roles: []contract.Role{"boss"}}}
		}, []string{"role boss", "manager"}},
		{"control character", func(c *contract.Client) { c.Name = "a\x00b" }, []string{"control character"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBook(t)
			c := kerlann()
			test.edit(&c)
			_, err := b.AddClient(anne, c)
			wants(t, err, test.want...)
			if all, err := b.Clients(); err != nil || len(all) != 0 {
				t.Errorf("%d clients after a refusal, want none", len(all))
			}
		})
	}
}

func TestLaPoste(t *testing.T) {
	for siret, good := range map[string]bool{
		"35600000000048": true,  // the head office follows Luhn
		"35600000049837": true,  // a post office: its digits sum to 45
		"35600000049838": false, //
		"73282932000074": true,
		"73282932000075": false,
	} {
		if err := contract.CheckSIRET(siret); (err == nil) != good {
			t.Errorf("SIRET %s: %v, want it accepted: %v", siret, err, good)
		}
	}
}

func TestSigning(t *testing.T) {
	b := newBook(t)
	if _, err := b.AddClient(anne, kerlann()); err != nil {
		t.Fatal(err)
	}
	n := contract.New{Client: "Atelier Kerlann", Offer: "classic", Start: day(t, "2026-09-15"), Employees: 12}
	_, err := b.Sign(anne, n)
	wants(t, err, "offers.classic.overage", "offers.yaml")
	if _, err := b.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Hour = contract.PriceOf(money.Cents(6000)); return nil }); err != nil {
		t.Fatal(err)
	}
	for count, want := range map[int]string{0: "employees 0", -1: "employees -1", 26: "employees 26"} {
		bad := n
		bad.Employees = count
		_, err := b.Sign(anne, bad)
		wants(t, err, want)
	}
	forced := n
	forced.Employees, forced.Force = 40, true
	_, err = b.Sign(anne, forced)
	wants(t, err, "note is missing")
	k, err := b.Sign(anne, n)
	if err != nil {
		t.Fatal(err)
	}
	if k.ID != "atelier-kerlann-1" || k.Offer.Version != 2 || k.TermEnd() != day(t, "2027-09-14") || k.CountOn(day(t, "2026-12-24")) != 12 {
		t.Errorf("contract = %+v", k)
	}
	_, err = b.Sign(anne, n)
	wants(t, err, "has the contract atelier-kerlann-1", "do not overlap")

	change := func(from string, count int) contract.Change {
		return contract.Change{Client: "atelier-kerlann", Headcount: contract.Headcount{From: day(t, from), Count: count}}
	}
	_, err = b.SetHeadcount(anne, change("2026-09-14", 13))
	wants(t, err, "from 2026-09-14", "starts on 2026-09-15")
	_, err = b.SetHeadcount(anne, change("2026-10-20", 0))
	wants(t, err, "employees 0")
	if _, err = b.SetHeadcount(anne, change("2026-10-20", 13)); err != nil {
		t.Fatal(err)
	}
	_, err = b.SetHeadcount(anne, change("2026-10-20", 14))
	wants(t, err, "has a headcount from 2026-10-20 already: 13")
	again := change("2026-10-20", 14)
	again.Replace = true
	if k, err = b.SetHeadcount(anne, again); err != nil || k.CountOn(day(t, "2026-10-20")) != 14 || k.CountOn(day(t, "2026-10-19")) != 12 {
		t.Errorf("replaced: %+v, %v", k.Headcounts, err)
	}
	_, err = b.End(anne, contract.End{Client: "atelier-kerlann", On: day(t, "2026-09-01")})
	wants(t, err, "starts on 2026-09-15")
	if k, err = b.End(anne, contract.End{Client: "atelier-kerlann", On: day(t, "2027-03-31")}); err != nil || k.Ending.Early != contract.Bill {
		t.Errorf("ended: %+v, %v", k.Ending, err)
	}
	_, err = b.End(anne, contract.End{Client: "atelier-kerlann", On: day(t, "2027-04-30")})
	wants(t, err, "ends on 2027-03-31 already")
	_, err = b.SetHeadcount(anne, change("2027-04-01", 13))
	wants(t, err, "ends on 2027-03-31")
	n.Start = day(t, "2027-04-01")
	if k, err = b.Sign(anne, n); err != nil || k.ID != "atelier-kerlann-2" {
		t.Errorf("second contract: %+v, %v", k, err)
	}
	_, err = b.End(anne, contract.End{Contract: "atelier-kerlann-1", On: day(t, "2027-05-31"), Replace: true})
	wants(t, err, "next contract atelier-kerlann-2")
}

func TestSolo(t *testing.T) {
	b := newBook(t)
	c := kerlann()
	c.Kind = contract.SoleTrader
	if _, err := b.AddClient(anne, c); err != nil {
		t.Fatal(err)
	}
	set := func(o *contract.Offer) error {
		o.Hour, o.Setup = contract.PriceOf(5500), contract.PriceOf(25000)
		return nil
	}
	if _, err := b.EditOffer(anne, "solo", set); err != nil {
		t.Fatal(err)
	}
	n := contract.New{Client: "atelier-kerlann", Offer: "solo", Start: day(t, "2026-10-01"), Employees: 1}
	_, err := b.Sign(anne, n)
	wants(t, err, "employees 1", "no monthly price")
	n.Employees = 0
	if _, err := b.Sign(anne, n); err != nil {
		t.Error(err)
	}
}

func TestContractYears(t *testing.T) {
	k := contract.Contract{Start: day(t, "2028-02-29")}
	for on, want := range map[string][2]string{
		"2028-02-29": {"2028-02-29", "2029-02-27"},
		"2029-02-27": {"2028-02-29", "2029-02-27"},
		"2029-02-28": {"2029-02-28", "2030-02-27"},
		"2032-02-28": {"2031-02-28", "2032-02-28"},
		"2032-02-29": {"2032-02-29", "2033-02-27"},
	} {
		if y := k.YearOf(day(t, on)); y.From != day(t, want[0]) || y.To != day(t, want[1]) {
			t.Errorf("%s is in the year %s to %s, want %s to %s", on, y.From, y.To, want[0], want[1])
		}
	}
}

func FuzzSIREN(f *testing.F) {
	for _, s := range []string{"732829320", "35600000049837", "W2A1234567", "FR44732829320", "", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if contract.CheckSIREN(s) == nil && len(s) != 9 {
			t.Errorf("SIREN %q accepted", s)
		}
		if contract.CheckSIRET(s) == nil && contract.CheckSIREN(s[:9]) != nil {
			t.Errorf("SIRET %q accepted on a wrong SIREN", s)
		}
		if contract.CheckRNA(s) == nil && len(s) != 10 {
			t.Errorf("RNA %q accepted", s)
		}
		if contract.CheckVAT(s, "") == nil && len(s) > 14 {
			t.Errorf("VAT number %q accepted", s)
		}
	})
}
