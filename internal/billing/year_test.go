package billing_test

import (
	"fmt"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// yearRow is a row of the worked year in docs/billing.md.
type yearRow struct {
	month, client   string
	lines           []money.Cents
	net, tax, total money.Cents
}

func (r yearRow) String() string {
	return fmt.Sprintf("%s %s: %v, %s + %s = %s", r.month, r.client, r.lines, r.net, r.tax, r.total)
}

var lineOnPaper = regexp.MustCompile(`: ([0-9x/ ]+) = ([0-9.]+)`)

// workedYear reads the table, and reckons its expressions.
func workedYear(t *testing.T) (rows []yearRow, sum yearRow) {
	t.Helper()
	page, err := os.ReadFile("../../docs/billing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## A year, for three clients\n")
	if !ok {
		t.Fatal("docs/billing.md has no section \"A year, for three clients\"")
	}
	cents := func(s string) money.Cents {
		c, err := money.ParseCents(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[0], " 2027") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		r := yearRow{month: cells[0], client: cells[1], net: cents(cells[3]), tax: cents(cells[4]), total: cents(cells[5])}
		for _, m := range lineOnPaper.FindAllStringSubmatch(cells[2], -1) {
			if got, want := money.Round(reckoned(t, m[1])), cents(m[2]); got != want {
				t.Errorf("docs/billing.md, %s: %s is %s, not %s", r.month, m[1], got, want)
			}
			r.lines = append(r.lines, cents(m[2]))
		}
		if r.client == "all" {
			sum = r
		} else {
			rows = append(rows, r)
		}
	}
	return rows, sum
}

// reckoned is a product such as `10 x 39 x 17/31`, in cents.
func reckoned(t *testing.T, expression string) *big.Rat {
	t.Helper()
	product := big.NewRat(100, 1)
	for factor := range strings.SplitSeq(expression, "x") {
		x, ok := new(big.Rat).SetString(strings.TrimSpace(factor))
		if !ok {
			t.Fatalf("%q in %q is no number", factor, expression)
		}
		product.Mul(product, x)
	}
	return product
}

// TestYear holds the worked year of docs/billing.md, one client for each offer, against
// what the services invoice.
func TestYear(t *testing.T) {
	rows, sum := workedYear(t)
	f := newFirm(t)
	f.at("2027-01-04")
	f.client("Kerlann", "classic", "2027-01-15", 10)
	f.client("Maëlle", "island", "2027-03-16", 1)
	f.client("Yann", "solo", "2027-04-05", 0)
	f.headcount("Kerlann", "2027-07-10", 12)
	work := map[string]func(){
		"2027-02": func() { f.work("Kerlann", "2027-02-10", 600) },
		"2027-04": func() { f.work("Kerlann", "2027-04-07", 500); f.work("Yann", "2027-04-20", 90) },
		"2027-05": func() { f.work("Maëlle", "2027-05-03", 300) },
		"2027-06": func() { f.work("Yann", "2027-06-08", 120) },
		"2027-09": func() { f.work("Kerlann", "2027-09-22", 160) },
		"2027-11": func() { f.work("Kerlann", "2027-11-18", 45) },
	}
	var got []yearRow
	var all yearRow
	for m := (calendar.Month{Year: 2027, Month: 1}); m.Year == 2027; m = m.Add(1) {
		f.at(m.Last().String())
		if do := work[m.String()]; do != nil {
			do()
		}
		f.at(m.Add(1).First().String())
		invoices := f.finalise(m.String())
		slices.SortFunc(invoices, func(a, b billing.Invoice) int { return strings.Compare(a.Client.Name, b.Client.Name) })
		for _, inv := range invoices {
			r := yearRow{month: m.String(), client: inv.Client.Name, net: inv.Net, tax: inv.Tax, total: inv.Total}
			for _, l := range inv.Lines {
				r.lines = append(r.lines, l.Net)
			}
			got = append(got, r)
			all.net, all.tax, all.total = all.net+inv.Net, all.tax+inv.Tax, all.total+inv.Total
		}
	}
	for i := range max(len(got), len(rows)) {
		switch {
		case i >= len(got):
			t.Errorf("not invoiced: %s", rows[i])
		case i >= len(rows):
			t.Errorf("not in docs/billing.md: %s", got[i])
		case got[i].String() != rows[i].String():
			t.Errorf("invoiced %s\nwant     %s", got[i], rows[i])
		}
	}
	if all.net != sum.net || all.tax != sum.tax || all.total != sum.total {
		t.Errorf("the year comes to %s + %s = %s, docs/billing.md says %s + %s = %s", all.net, all.tax, all.total, sum.net, sum.tax, sum.total)
	}
}
