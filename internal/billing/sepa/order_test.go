package sepa

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

var created = time.Date(2026, 11, 2, 9, 30, 15, 0, time.UTC)

func creditor() Creditor {
	return Creditor{Name: "Coopérative Accolade", IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP", ICS: checked("FR", "123456")[:4] + "ZZZ123456"}
}

func order(t testing.TB) Order {
	m := Mandate{ID: "KERLANN-1", Signed: day(t, "2026-09-01"), Debtor: "Mairie de Kerlann", IBAN: "FR1420041010050500013M02606", BIC: "PSSTFRPPLIL"}
	n := Mandate{ID: "NOEL-1", Signed: day(t, "2026-09-02"), Debtor: "École Noël & Fils", IBAN: "DE89370400440532013000"}
	return Order{ID: "DEBIT-000001", Created: created, Creditor: creditor(), Debits: []Debit{
		{Invoice: "F2026-0002", Amount: 615_72, On: day(t, "2026-11-30"), Sequence: Recurrent, Mandate: m, Text: "Octobre 2026"},
		{Invoice: "F2026-0003", Amount: 39_00, On: day(t, "2026-11-30"), Sequence: First, Mandate: n},
		{Invoice: "F2026-0001", Amount: 299_52, On: day(t, "2026-11-30"), Sequence: Recurrent, Mandate: m},
	}}
}

// drawOrder makes an order with everything that the scheme allows.
func drawOrder(t *rapid.T) Order {
	text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("aàâçéèêëîïôöùûüÿœæÉÀÇ'’-&.,()/ 0123456789<>\"")), rapid.RuneFrom([]rune(latin))))
	o := Order{ID: "DEBIT-" + rapid.StringMatching(`[0-9]{6}`).Draw(t, "id"), Created: created, Creditor: creditor()}
	if rapid.Bool().Draw(t, "without bic") {
		o.Creditor.BIC = ""
	}
	on := nextBankingDay(calendar.NewDate(2026, 11, 3).AddDays(rapid.IntRange(0, 60).Draw(t, "day")))
	for i := range rapid.IntRange(1, 12).Draw(t, "debits") {
		m := Mandate{ID: fmt.Sprintf("%s-%d", rapid.StringMatching(`[A-Z0-9][A-Z0-9+?:().,'-]{0,20}`).Draw(t, "mandate"), i), Signed: calendar.NewDate(2026, 1, 1).AddDays(i), Debtor: "D" + text.Draw(t, "name"), IBAN: drawIBAN(t)}
		if rapid.Bool().Draw(t, "with bic") {
			m.BIC = rapid.StringMatching(`[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?`).Draw(t, "bic")
		}
		amount := money.Cents(rapid.OneOf(rapid.Int64Range(1, 500_000), rapid.Int64Range(int64(leastAmount), int64(mostAmount))).Draw(t, "amount"))
		date := on
		if rapid.Bool().Draw(t, "later") {
			date = nextBankingDay(on)
		}
		o.Debits = append(o.Debits, Debit{Invoice: fmt.Sprintf("F2026-%04d", i+1), Amount: amount, On: date, Sequence: rapid.SampledFrom(sequences).Draw(t, "sequence"), Mandate: m, Text: text.Draw(t, "text")})
	}
	return o
}

// element is any XML element: what a bank's reader sees, without our own types.
type element struct {
	XMLName xml.Name
	Text    string    `xml:",chardata"`
	Inner   []element `xml:",any"`
}

// all finds the elements of that name, at any depth.
func (e element) all(name string) (found []element) {
	if e.XMLName.Local == name {
		found = append(found, e)
	}
	for _, c := range e.Inner {
		found = append(found, c.all(name)...)
	}
	return found
}

func (e element) text(name string) string {
	for _, c := range e.Inner {
		if c.XMLName.Local == name {
			return c.Text
		}
	}
	return ""
}

// TestControlSums: counts and sums of the message and of each batch are those of the
// debits in it, one batch per day and sequence type, nothing lost, nothing twice.
func TestControlSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrder(t)
		file, err := o.Write(rapid.SampledFrom(Formats).Draw(t, "format"))
		if err != nil {
			t.Fatal(err)
		}
		var doc element
		if err := xml.Unmarshal(file, &doc); err != nil {
			t.Fatal(err)
		}
		total, want, batches, invoices := new(big.Rat), new(big.Rat), map[string]bool{}, []string{}
		for _, b := range doc.all("PmtInf") {
			sum := new(big.Rat)
			for _, d := range b.all("InstdAmt") {
				sum.Add(sum, rat(t, d.Text))
			}
			if n := len(b.all("DrctDbtTxInf")); rat(t, b.text("CtrlSum")).Cmp(sum) != 0 || b.text("NbOfTxs") != fmt.Sprint(n) {
				t.Fatalf("batch %s says %s in %s, holds %s in %d", b.text("PmtInfId"), b.text("CtrlSum"), b.text("NbOfTxs"), sum.FloatString(2), n)
			}
			key := b.text("ReqdColltnDt") + b.all("SeqTp")[0].Text
			if batches[key] {
				t.Fatalf("two batches for %s", key)
			}
			batches[key] = true
			total.Add(total, sum)
			for _, e := range b.all("EndToEndId") {
				invoices = append(invoices, e.Text)
			}
		}
		for _, d := range o.Debits {
			want.Add(want, new(big.Rat).SetFrac64(int64(d.Amount), 100))
		}
		head := doc.all("GrpHdr")[0]
		if total.Cmp(want) != 0 || rat(t, head.text("CtrlSum")).Cmp(want) != 0 || head.text("NbOfTxs") != fmt.Sprint(len(o.Debits)) {
			t.Fatalf("the file says %s in %s, holds %s; ordered were %s in %d", head.text("CtrlSum"), head.text("NbOfTxs"), total.FloatString(2), want.FloatString(2), len(o.Debits))
		}
		slices.Sort(invoices)
		if n := len(slices.Compact(slices.Clone(invoices))); n != len(o.Debits) {
			t.Fatalf("%d of %d invoices are in the file", n, len(o.Debits))
		}
		slices.Reverse(o.Debits)
		if again, err := o.Write(Format(strings.TrimPrefix(doc.XMLName.Space, namespace))); err != nil || !bytes.Equal(file, again) {
			t.Fatalf("the same order in another sequence gives another file, %v", err)
		}
	})
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok || len(s)-strings.Index(s, ".") != 3 {
		t.Fatalf("amount %q, want two decimals", s)
	}
	return r
}

func TestOrderRefusals(t *testing.T) {
	for want, change := range map[string]func(*Order){
		"":                                     func(*Order) {},
		"order is missing":                     func(o *Order) { o.ID = "" },
		"at most 30 characters, this has 31":   func(o *Order) { o.ID = strings.Repeat("D", 31) },
		"1 to 9999 debits, this has 0":         func(o *Order) { o.Debits = nil },
		"1 to 9999 debits, this has 10000":     func(o *Order) { o.Debits = make([]Debit, 10_000) },
		"creditor: ics is missing":             func(o *Order) { o.Creditor.ICS = "" },
		"creditor: iban FR76 is refused":       func(o *Order) { o.Creditor.IBAN = "FR76" },
		"creditor: name is missing":            func(o *Order) { o.Creditor.Name = "" },
		"debit F2026-0002: amount 0.00":        func(o *Order) { o.Debits[0].Amount = 0 },
		"debit F2026-0002: collection date":    func(o *Order) { o.Debits[0].On = calendar.NewDate(2026, 11, 29) },
		"debit F2026-0002: sequence RPRE":      func(o *Order) { o.Debits[0].Sequence = "RPRE" },
		"debit F2026-0002: mandate is missing": func(o *Order) { o.Debits[0].Mandate.ID = "" },
		"debit F2026_2: invoice F2026_2":       func(o *Order) { o.Debits[0].Invoice = "F2026_2" },
		"an invoice is collected once":         func(o *Order) { o.Debits[2].Invoice = "F2026-0002" },
		"mandate KERLANN-1 has one of them":    func(o *Order) { o.Debits[0].Sequence, o.Debits[2].Sequence = First, First },
	} {
		o := order(t)
		change(&o)
		_, err := o.Write(Pain00800108)
		says(t, err, want)
	}
	_, err := order(t).Write("pain.008.001.03")
	says(t, err, "format pain.008.001.03 is refused: want pain.008.001.08 or pain.008.001.02")
}

func TestBatches(t *testing.T) {
	var got []string
	for _, b := range order(t).Batches() {
		got = append(got, fmt.Sprintf("%s %s %s %s %d", b.ID, b.On, b.Sequence, b.Sum, len(b.Debits)))
	}
	want := []string{"DEBIT-000001-1 2026-11-30 FRST 39.00 EUR 1", "DEBIT-000001-2 2026-11-30 RCUR 915.24 EUR 2"}
	if !slices.Equal(got, want) {
		t.Errorf("batches %q, want %q", got, want)
	}
}
