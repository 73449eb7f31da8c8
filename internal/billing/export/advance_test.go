package export_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/billing/fec"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// TestAdvances: a deposit is booked on its own account with its tax; the invoice that
// takes it off reverses both, and tables add up to what was sold once.
func TestAdvances(t *testing.T) {
	c := newCoop(t)
	c.now = time.Date(2026, 9, 16, 8, 0, 0, 0, time.UTC)
	dep, err := c.bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "Acompte", Net: 100_00})
	c.must(err)
	_, err = c.bills.Pay(anne, billing.NewPayment{Invoices: []string{dep.Number}, Amount: dep.Total})
	c.must(err)
	c.finalise("2026-09")
	e := c.open("2026-09", export.FEC)
	file := string(c.file(e, e.Files()[0]))
	if _, err := fec.Check(strings.NewReader(file)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"\t4191\tClients - avances et acomptes reçus\t\t\tFA2026-0001\t20260916\tFacture d'acompte FA2026-0001 Kerlann\t0,00\t100,00\t",
		"\t4191\tClients - avances et acomptes reçus\t\t\tF2026-0001\t20260930\tFacture F2026-0001 Kerlann\t100,00\t0,00\t",
		"\t706\tPrestations de services\t\t\tF2026-0001\t20260930\tFacture F2026-0001 Kerlann\t0,00\t249,60\t",
		"\t44571\tTVA collectée\t\t\tF2026-0001\t20260930\tFacture F2026-0001 Kerlann\t0,00\t49,92\t",
		"\t44571\tTVA collectée\t\t\tF2026-0001\t20260930\tFacture F2026-0001 Kerlann\t20,00\t0,00\t",
		"\t411\tClients\tkerlann\tKerlann\tF2026-0001\t20260930\tFacture F2026-0001 Kerlann\t179,52\t0,00\t",
	} {
		if !strings.Contains(file, want) {
			t.Errorf("the FEC has no %q:\n%s", want, file)
		}
	}
	months, err := c.bills.Months()
	c.must(err)
	m, err := c.open("2026-09", export.CSV).Manifest()
	c.must(err)
	if m.Net != months[0].Net || m.VAT != months[0].Tax || m.Total != months[0].Total {
		t.Errorf("the tables come to %s + %s, what was sold to %s + %s", m.Net, m.VAT, months[0].Net, months[0].Tax)
	}
}

// TestAdvancesBalance: whatever is advanced, paid, taken off, credited and replaced, in
// any order: each entry balances; what is left on the account of deposits is what no
// document took off; what clients owe is what their receivables say; and sales with
// their tax are those of the invoices less the credit notes.
func TestAdvancesBalance(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := newCoop(t)
		contracts := []string{"kerlann-1", "penhoet-1", "yann-1"}
		last := 9 + rapid.IntRange(0, 2).Draw(r, "months")
		var numbers []string
		for n := 9; n <= last; n++ {
			c.now = time.Date(2026, time.Month(n), 20, 8, 0, 0, 0, time.UTC)
			for range rapid.IntRange(0, 4).Draw(r, "steps") {
				if len(numbers) > 0 && rapid.IntRange(0, 2).Draw(r, "credit") == 0 {
					in := billing.CreditInput{Invoice: rapid.SampledFrom(numbers).Draw(r, "of"), Reason: "erreur", Replace: rapid.Bool().Draw(r, "replace")}
					_, _ = c.bills.Credit(anne, in) // refused where nothing is left: then nothing happens
					continue
				}
				inv, err := c.bills.IssueAdvance(anne, billing.AdvanceInput{Contract: rapid.SampledFrom(contracts).Draw(r, "contract"), Text: "Acompte",
					Net: money.Cents(rapid.IntRange(1, 800_00).Draw(r, "net")), Again: true})
				c.must(err)
				numbers = append(numbers, inv.Number)
				if rapid.IntRange(0, 3).Draw(r, "paid") > 0 {
					_, err := c.bills.Pay(anne, billing.NewPayment{Invoices: []string{inv.Number}, Amount: inv.Total})
					c.must(err)
				}
			}
			month := fmt.Sprintf("2026-%02d", n)
			c.finalise(month)
			m, err := calendar.ParseMonth(month)
			c.must(err)
			all, err := c.bills.Invoices(m)
			c.must(err)
			for _, inv := range all {
				numbers = append(numbers, inv.Number)
			}
		}
		c.finalise(fmt.Sprintf("2026-%02d", last+1)) // takes in the credit notes of the last steps
		accounts := map[string]money.Cents{}
		var sold, tax money.Cents
		for n := 9; n <= last+1; n++ {
			m := calendar.Month{Year: 2026, Month: time.Month(n)}
			for d, err := range books.Documents(c.bills, m) {
				c.must(err)
				entry, err := books.Usual().Entry(d)
				c.must(err) // and is balanced, or it were refused
				for _, p := range entry.Lines {
					accounts[p.Account.Number] += p.Debit - p.Credit
				}
				inv, _, err := c.bills.Invoice(d.Number)
				c.must(err)
				if !inv.OnDeposit() {
					sold, tax = sold+d.Signed(inv.Net), tax+d.Signed(inv.Tax)
				}
			}
		}
		var open, openTax, owed money.Cents
		for _, k := range contracts {
			all, err := c.bills.Advances(k)
			c.must(err)
			for _, x := range all {
				open, openTax = open+x.Left().Net, openTax+x.Left().Tax
			}
		}
		receivables, err := c.bills.Receivables("", true)
		c.must(err)
		for _, r := range receivables {
			owed += r.Left() + r.Paid
		}
		if accounts["4191"] != -open || accounts["706"] != -sold || accounts["44571"] != -tax-openTax || accounts["411"] != owed {
			r.Fatalf("booked %v; want 4191 %s, 706 %s, 44571 %s, 411 %s", accounts, -open, -sold, -tax-openTax, owed)
		}
		wrong, err := c.bills.Reckon()
		c.must(err)
		for _, w := range wrong {
			r.Errorf("%s: %s", w.Invoice, w.What)
		}
	})
}
