package einvoice_test

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/einvoice"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/racetest"
)

// TestBothSyntaxesSayTheSame: what either reads back is the document that was written.
func TestBothSyntaxesSayTheSame(t *testing.T) {
	for _, inv := range corpus(inCorpus) {
		want, err := einvoice.Of(inv)
		if err != nil {
			t.Fatal(err)
		}
		cii, err := einvoice.ReadCII(einvoice.WriteCII(want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, cii); diff != "" {
			t.Fatalf("%s as CII (-written +read):\n%s", inv.Number, diff)
		}
		ubl, err := einvoice.ReadUBL(einvoice.WriteUBL(want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ubl); diff != "" {
			t.Fatalf("%s as UBL (-written +read):\n%s", inv.Number, diff)
		}
	}
}

func TestSameBytes(t *testing.T) {
	for i := range 20 {
		a, errA := einvoice.Of(sample(i))
		b, errB := einvoice.Of(sample(i))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if !bytes.Equal(einvoice.WriteCII(a), einvoice.WriteCII(b)) || !bytes.Equal(einvoice.WriteUBL(a), einvoice.WriteUBL(b)) {
			t.Errorf("invoice %d is written as other bytes the second time", i)
		}
	}
}

// TestQuantityTimesPrice: for 1 to 25 employees, in months of 28 to 31 days, for each run
// of days: the line that billing computes names the employees (BT-129), the price for them
// (BT-146, of six decimals), and their product is the line to the cent (BT-131), which is
// what an independent computation says; and the XML says so when it is read back.
func TestQuantityTimesPrice(t *testing.T) {
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	offer := offers["classic"]
	offer.Hour = contract.PriceOf(6000)
	// Of each run of days every so many numbers of employees, under the race detector.
	cases, each := 0, 1
	if racetest.On {
		each = 12
	}
	for _, m := range []calendar.Month{{Year: 2027, Month: 2}, {Year: 2028, Month: 2}, {Year: 2026, Month: 11}, {Year: 2026, Month: 10}} {
		start := m.Add(-1).First()
		for first := m.First(); !first.After(m.Last()); first = first.AddDays(1) {
			all := sample(0)
			all.Month, all.Date, all.Due, all.Lines, all.Discounts, all.Deposits, all.Net, all.Tax, all.Groups = m, m.Last(), m.Last().AddDays(30), nil, nil, nil, 0, 0, nil
			var want []money.Cents
			for employees := 1; employees <= 25; employees += each {
				for last := first; !last.After(m.Last()); last = last.AddDays(1) {
					k := contract.Contract{ID: "k-1", Client: "k", Offer: offer, Start: start,
						Headcounts: []contract.Headcount{{From: start, Count: 26}, {From: first, Count: employees}, {From: last.AddDays(1), Count: 26}}}
					inv := billing.Compute(m, calendar.Date{}, billing.Case{Client: contract.Client{ID: "k", Name: "K"}, Contract: k, From: m}, all.Seller).Invoice
					at := slices.IndexFunc(inv.Lines, func(l billing.Line) bool { return l.From == first && l.To == last && l.Quantity == int64(employees) })
					if at < 0 {
						t.Fatalf("%s: no line of %d employees from %s to %s: %+v", m, employees, first, last, inv.Lines)
					}
					all.Lines = append(all.Lines, inv.Lines[at])
					days, of := int64(last.Day-first.Day+1), int64(m.Last().Day)
					want = append(want, money.Round(big.NewRat(3900*days*int64(employees), of)))
				}
			}
			d, err := einvoice.Of(billing.Total(all))
			if err != nil {
				t.Fatal(err)
			}
			if d, err = einvoice.ReadCII(einvoice.WriteCII(d)); err != nil {
				t.Fatal(err)
			}
			for i, l := range d.Lines {
				if got := product(l.Price, l.Quantity, max(l.Per, 1)); got != want[i] || l.Net != want[i] || l.Unit != "IE" {
					t.Fatalf("%s, from %s, line %d: %d %s x %d: %s, net %s, want %s", m, first, i, l.Quantity, l.Unit, l.Price, got, l.Net, want[i])
				}
			}
			cases += len(d.Lines)
		}
	}
	if numbers := 24/each + 1; cases != numbers*(28*29+29*30+30*31+31*32)/2 {
		t.Errorf("%d cases were looked at", cases)
	}
}

// product is quantity x price / per, rounded as a reader of the XML does it.
func product(p money.UnitPrice, quantity, per int64) money.Cents {
	return money.Round(new(big.Rat).Mul(p.Rat(), big.NewRat(quantity, per)))
}

// TestMinutesTimesPrice: hours are minutes, their price is for 60.
func TestMinutesTimesPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price, minutes := rapid.Int64Range(1, 50_000).Draw(t, "cents an hour"), rapid.Int64Range(1, 20_000).Draw(t, "minutes")
		want := money.Round(big.NewRat(price*minutes, 60))
		if got := product(money.PriceOf(big.NewRat(price, 1)), minutes, 60); got != want {
			t.Fatalf("%d minutes at %d cents an hour: %s, want %s", minutes, price, got, want)
		}
	})
}

func TestNoAddress(t *testing.T) {
	inv := sample(2)
	inv.Client.SIREN, inv.Client.Mail = "", ""
	if _, err := einvoice.Of(inv); err == nil || !strings.Contains(err.Error(), "neither a SIREN nor a mail address") {
		t.Errorf("a client without any electronic address: %v", err)
	}
}

// TestControlCharacters: what XML cannot hold does not make the file unreadable.
func TestControlCharacters(t *testing.T) {
	inv := sample(0)
	inv.Client.Name = "A\x00B\x0bC & <D> \"E\" 'F' \ufffe"
	d, err := einvoice.Of(inv)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := einvoice.ReadCII(einvoice.WriteCII(d)); err != nil || !strings.Contains(got.Buyer.Name, `& <D> "E" 'F'`) {
		t.Errorf("read back %q, %v", got.Buyer.Name, err)
	}
}

func FuzzReadCII(f *testing.F) { fuzz(f, einvoice.WriteCII, einvoice.ReadCII) }
func FuzzReadUBL(f *testing.F) { fuzz(f, einvoice.WriteUBL, einvoice.ReadUBL) }

// fuzz: whatever is read is written again and read the same.
func fuzz(f *testing.F, write func(einvoice.Document) []byte, read func([]byte) (einvoice.Document, error)) {
	for i := range 14 {
		d, err := einvoice.Of(sample(i))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(write(d))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := read(b)
		if err != nil {
			return
		}
		if d.Type.Credit() != strings.Contains(string(b), "CreditNote") {
			return // a type that does not fit the root element is nothing that we write
		}
		again, err := read(write(d))
		if err != nil {
			t.Fatalf("what was read cannot be read again once written: %v", err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Fatalf("read again, it says something else (-first +second):\n%s", diff)
		}
	})
}

func BenchmarkCII(b *testing.B) {
	invoices := corpus(64)
	for i := 0; b.Loop(); i++ {
		d, err := einvoice.Of(invoices[i%len(invoices)])
		if err != nil {
			b.Fatal(err)
		}
		einvoice.WriteCII(d)
	}
}
