package billing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

const kerlannIBAN, penmarchIBAN = "FR1420041010050500013M02606", "DE89370400440532013000"

// billed is a firm with two clients and the invoices of September and October:
// F2026-0001 and F2026-0003 of Kerlann (140.40, 140.40), F2026-0002 and F2026-0004 of
// Penmarch (93.60 each), at the beginning of December.
func billed(t *testing.T) *firm {
	f := newFirm(t)
	f.bills.Seller.ICS, f.bills.Seller.BIC = "FR72ZZZ123456", "AGRIFRPP"
	f.client("Kerlann", "classic", "2026-09-01", 3)
	f.client("Penmarch", "classic", "2026-09-01", 2)
	f.at("2026-10-02")
	f.finalise("2026-09")
	f.at("2026-11-02")
	f.finalise("2026-10")
	f.at("2026-12-02")
	return f
}

func (f *firm) pay(amount money.Cents, invoices ...string) billing.Payment {
	f.Helper()
	p, err := f.bills.Pay(anne, billing.NewPayment{Invoices: invoices, Amount: amount})
	f.must(err)
	return p
}

// left wants what each invoice is still due, in order.
func (f *firm) left(want ...string) {
	f.Helper()
	all, err := f.bills.Receivables("", true)
	f.must(err)
	var got []string
	for _, r := range all {
		got = append(got, r.Left().Decimal())
	}
	if !slices.Equal(got, want) {
		f.Errorf("left to pay: %v, want %v", got, want)
	}
	f.reckons()
}

// reckons compares the receivables with the books, and the clients' accounts with them.
func (f *firm) reckons() {
	f.Helper()
	wrong, err := f.bills.Reckon()
	f.must(err)
	for _, w := range wrong {
		f.Errorf("%s: %s", w.Invoice, w.What)
	}
	clients, total, err := f.bills.Ageing()
	f.must(err)
	var sum money.Cents
	for _, c := range clients {
		acc, err := f.bills.ClientAccount(c.Client, calendar.Date{})
		f.must(err)
		if acc.Balance != c.Sum {
			f.Errorf("the account of %s is %s, by age it is %s", c.Client, acc.Balance, c.Sum)
		}
		sum += c.Sum
	}
	if sum != total.Sum || total.NotDue+total.To30+total.To60+total.To90+total.Over90-total.Unused != total.Sum {
		f.Errorf("ageing %+v, of the clients %s", total, sum)
	}
}

func TestPayments(t *testing.T) {
	f := billed(t)
	f.left("140.40", "93.60", "140.40", "93.60")
	f.pay(100_00, "F2026-0001")
	f.left("40.40", "93.60", "140.40", "93.60")
	p, err := f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0001", "F2026-0003"}, Amount: 100_00, Again: true})
	f.must(err)
	if len(p.Parts) != 2 || p.Parts[0].Amount != 40_40 || p.How != billing.ByTransfer || p.Rest() != 0 {
		t.Errorf("payment %+v", p)
	}
	f.left("0.00", "93.60", "80.80", "93.60")
	_, err = f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0003"}, Amount: 80_81})
	f.refuses(err, "80.81 EUR is 0.01 EUR more than F2026-0003 is due")
	rest, err := f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0002"}, Amount: 100_00, KeepRest: true, How: billing.ByCheque, On: f.day("2026-12-01")})
	f.must(err)
	if rest.Rest() != 6_40 {
		t.Errorf("rest %s", rest.Rest())
	}
	f.left("0.00", "0.00", "80.80", "93.60")
	_, err = f.bills.UsePayment(anne, rest.ID, "F2026-0003")
	f.refuses(err, "is of penmarch, F2026-0003 of kerlann")
	_, err = f.bills.UsePayment(anne, rest.ID, "F2026-0004")
	f.must(err)
	f.left("0.00", "0.00", "80.80", "87.20")
	_, err = f.bills.UsePayment(anne, rest.ID, "F2026-0004")
	f.refuses(err, "nothing is left of payment")
	_, err = f.bills.UndoPayment(anne, p.ID, "the cheque bounced")
	f.must(err)
	f.left("40.40", "0.00", "140.40", "87.20")
	_, err = f.bills.UndoPayment(anne, p.ID, "again")
	f.refuses(err, "was undone on 2026-12-02: the cheque bounced")
	_, err = f.bills.UndoPayment(anne, rest.ID, "wrong client")
	f.must(err)
	f.left("40.40", "93.60", "140.40", "93.60")
}

func TestPaymentRefusals(t *testing.T) {
	f := billed(t)
	f.pay(0, "F2026-0001")
	for want, n := range map[string]billing.NewPayment{
		"invoice is missing: want the number":                        {},
		`no invoice "F2026-0009"`:                                    {Invoices: []string{"F2026-0009"}},
		"F2026-0001 is paid":                                         {Invoices: []string{"F2026-0001"}},
		"F2026-0003 is refused: it is named twice":                   {Invoices: []string{"F2026-0003", "F2026-0003"}},
		"F2026-0002 is of Penmarch, F2026-0003 of Kerlann":           {Invoices: []string{"F2026-0003", "F2026-0002"}},
		"amount -0.01 is refused":                                    {Invoices: []string{"F2026-0003"}, Amount: -1},
		"date 2026-12-03 is refused: a payment is recorded once":     {Invoices: []string{"F2026-0003"}, On: f.day("2026-12-03")},
		"method barter is refused: want transfer":                    {Invoices: []string{"F2026-0003"}, How: "barter"},
		"note xxxxxxxxxxxxxxxxxxxx… is refused: at most 200 charact": {Invoices: []string{"F2026-0003"}, Note: strings.Repeat("x", 201)},
	} {
		_, err := f.bills.Pay(anne, n)
		f.refuses(err, want)
	}
	_, err := f.bills.UndoPayment(anne, "P000001", " ")
	f.refuses(err, "reason is missing: say why")
	_, err = f.bills.UndoPayment(anne, "P000009", "x")
	f.refuses(err, `no payment "P000009"`)
	f.left("0.00", "93.60", "140.40", "93.60")
}

func TestAgeing(t *testing.T) {
	f := billed(t)
	f.pay(40_40, "F2026-0001")
	// September's invoices were due on 30 October, October's on 30 November.
	for day, want := range map[string]string{
		"2026-11-02": "234.00 193.60 0.00 0.00 0.00",
		"2026-11-29": "234.00 193.60 0.00 0.00 0.00",
		"2026-11-30": "234.00 0.00 193.60 0.00 0.00",
		"2026-12-01": "0.00 234.00 193.60 0.00 0.00",
		"2026-12-29": "0.00 234.00 193.60 0.00 0.00",
		"2026-12-30": "0.00 234.00 0.00 193.60 0.00",
		"2027-01-28": "0.00 0.00 234.00 193.60 0.00",
		"2027-01-29": "0.00 0.00 234.00 0.00 193.60",
	} {
		f.at(day)
		clients, a, err := f.bills.Ageing()
		f.must(err)
		if got := fmt.Sprint(a.NotDue.Decimal(), " ", a.To30.Decimal(), " ", a.To60.Decimal(), " ", a.To90.Decimal(), " ", a.Over90.Decimal()); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
		if len(clients) != 2 || clients[0].Client != "kerlann" || clients[0].Sum != 240_40 {
			t.Errorf("%s: %+v", day, clients)
		}
	}
}

func TestClientAccount(t *testing.T) {
	f := billed(t)
	p := f.pay(140_40, "F2026-0001")
	f.at("2026-12-03")
	_, err := f.bills.UndoPayment(anne, p.ID, "bounced")
	f.must(err)
	acc, err := f.bills.ClientAccount("Kerlann", f.day("2026-10-01"))
	f.must(err)
	var got []string
	for _, p := range acc.Postings {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", p.On, p.What, p.Text, p.Debit.Decimal(), p.Credit.Decimal(), p.Balance.Decimal()))
	}
	want := []string{
		"2026-10-31 F2026-0003 invoice, due 2026-11-30 140.40 0.00 280.80",
		"2026-12-02 P000001 transfer for F2026-0001 0.00 140.40 140.40",
		"2026-12-03 P000001 undone: bounced 140.40 0.00 280.80",
	}
	if !slices.Equal(got, want) || acc.Before != 140_40 || acc.Balance != 280_80 {
		t.Errorf("account before %s:\n%s\nwant\n%s", acc.Before, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	_, err = f.bills.ClientAccount("nobody", calendar.Date{})
	f.refuses(err, `no client "nobody"`)
}

func (f *firm) mandate(client, iban string) billing.SignedMandate {
	f.Helper()
	m, err := f.bills.AddMandate(anne, client, billing.SignedMandate{Mandate: sepa.Mandate{Signed: f.day("2026-09-15"), IBAN: iban}})
	f.must(err)
	return m
}

func TestMandates(t *testing.T) {
	f := billed(t)
	m := f.mandate("Kerlann", "FR14 2004 1010 0505 0001 3M02 606")
	if m.ID != "KERLANN-1" || m.Debtor != "Kerlann" || m.IBAN != kerlannIBAN {
		t.Errorf("mandate %+v", m)
	}
	add := func(client string, m billing.SignedMandate) error {
		_, err := f.bills.AddMandate(anne, client, m)
		return err
	}
	good := sepa.Mandate{Signed: f.day("2026-09-15"), IBAN: penmarchIBAN}
	f.refuses(add("Kerlann", billing.SignedMandate{Mandate: good}), "Kerlann has the mandate KERLANN-1 already")
	f.refuses(add("nobody", billing.SignedMandate{Mandate: good}), `no client "nobody"`)
	good.ID = "kerlann -1"
	f.refuses(add("Penmarch", billing.SignedMandate{Mandate: good}), `mandate "KERLANN-1" exists already`)
	good.ID, good.IBAN = "", "DE89370400440532013001"
	f.refuses(add("Penmarch", billing.SignedMandate{Mandate: good}), "iban DE89370400440532013001 is refused: its check digits do not fit")
	_, err := f.bills.RevokeMandate(anne, "KERLANN-1", "by letter", false)
	f.must(err)
	_, err = f.bills.RevokeMandate(anne, "KERLANN-1", "", false)
	f.refuses(err, "mandate KERLANN-1 was revoked on 2026-12-02")
	if again := f.mandate("Kerlann", kerlannIBAN); again.ID != "KERLANN-2" {
		t.Errorf("the next mandate is %s", again.ID)
	}
	if _, err := f.bills.Mandate("X"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no mandate: %v", err)
	}
}

func (f *firm) order(on string) billing.DebitOrder {
	f.Helper()
	d, err := f.bills.OrderDebits(anne, f.day(on), "")
	f.must(err)
	return d
}

// sequences are the debits of an order, as `F2026-0001 FRST 140.40`.
func sequences(d billing.DebitOrder) (out []string) {
	for _, x := range d.Order.Debits {
		out = append(out, fmt.Sprintf("%s %s %s", x.Invoice, x.Sequence, x.Amount.Decimal()))
	}
	return out
}

func (f *firm) wants(got []string, want ...string) {
	f.Helper()
	if !slices.Equal(got, want) {
		f.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestDebits follows mandates through their lives: the first debit, recurrent ones, one
// that the bank takes back, the last.
func TestDebits(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	f.pay(40_40, "F2026-0001")
	d := f.order("2026-12-04")
	f.wants(sequences(d), "F2026-0001 FRST 100.00", "F2026-0003 RCUR 140.40")
	file, err := f.bills.DebitFile(d.ID)
	f.must(err)
	again, err := f.bills.DebitFile(d.ID)
	f.must(err)
	if string(file) != string(again) || !strings.Contains(string(file), "<CtrlSum>240.40</CtrlSum>") || !strings.Contains(string(file), "<EndToEndId>F2026-0003</EndToEndId>") {
		t.Errorf("the file is\n%s", file)
	}
	_, err = f.bills.OrderDebits(anne, f.day("2026-12-04"), "")
	f.refuses(err, "there is nothing to collect on 2026-12-04")
	p, err := f.bills.PlanDebits(f.day("2026-12-04"))
	f.must(err)
	var not []string
	for _, n := range p.Not {
		not = append(not, n.Invoice+": "+n.Why)
	}
	f.wants(not, "F2026-0001: DEBIT-000001 collects it", "F2026-0002: there is no mandate", "F2026-0003: DEBIT-000001 collects it", "F2026-0004: there is no mandate")

	_, err = f.bills.SettleDebits(anne, d.ID, "", calendar.Date{})
	f.refuses(err, "the money comes on 2026-12-04 or later")
	f.at("2026-12-04")
	_, err = f.bills.SettleDebits(anne, d.ID, "DEBIT-000001-9", calendar.Date{})
	f.refuses(err, "no money of DEBIT-000001 DEBIT-000001-9 is waited for")
	d, err = f.bills.SettleDebits(anne, d.ID, "", calendar.Date{})
	f.must(err)
	f.left("0.00", "93.60", "0.00", "93.60")
	if d.Live() || d.Done["F2026-0001"].Payment != "P000002" {
		t.Errorf("order %+v", d)
	}
	_, err = f.bills.CancelDebits(anne, d.ID, "too late")
	f.refuses(err, "money of order DEBIT-000001 has come already")
	_, err = f.bills.DropDebit(anne, d.ID, "F2026-0001", "too late")
	f.refuses(err, "the money of F2026-0001 has come, as payment P000002")
	_, err = f.bills.UndoPayment(anne, "P000002", "not enough money")
	f.must(err)
	f.left("100.00", "93.60", "0.00", "93.60")

	// It may be collected anew, and the mandate has its first debit behind it.
	d = f.order("2026-12-08")
	f.wants(sequences(d), "F2026-0001 RCUR 100.00")
	_, err = f.bills.CancelDebits(anne, d.ID, "the bank refused the file")
	f.must(err)
	_, err = f.bills.DebitFile(d.ID)
	f.refuses(err, "was cancelled on 2026-12-04: the bank must not get its file")
	_, err = f.bills.CancelDebits(anne, d.ID, "again")
	f.refuses(err, "order DEBIT-000002 was cancelled")

	_, err = f.bills.RevokeMandate(anne, "KERLANN-1", "leaves", true)
	f.must(err)
	d = f.order("2026-12-08")
	f.wants(sequences(d), "F2026-0001 FNAL 100.00")
	m, err := f.bills.Mandate("KERLANN-1")
	f.must(err)
	if len(m.Uses) != 3 || m.Uses[2].Order != "DEBIT-000003" {
		t.Errorf("uses %+v", m.Uses)
	}
	_, err = f.bills.DropDebit(anne, d.ID, "F2026-0001", "refused by the bank: AC04")
	f.must(err)
	d = f.order("2026-12-08")
	f.wants(sequences(d), "F2026-0001 FNAL 100.00")
	f.reckons()
}

func TestDebitSequences(t *testing.T) {
	f := billed(t)
	_, err := f.bills.AddMandate(anne, "Kerlann", billing.SignedMandate{OneOff: true, Mandate: sepa.Mandate{Signed: f.day("2026-09-15"), IBAN: kerlannIBAN}})
	f.must(err)
	f.mandate("Penmarch", penmarchIBAN)
	d := f.order("2026-12-04")
	f.wants(sequences(d), "F2026-0001 OOFF 140.40", "F2026-0002 FRST 93.60", "F2026-0004 RCUR 93.60")
	p, err := f.bills.PlanDebits(f.day("2026-12-08"))
	f.must(err)
	if len(p.Debits) != 0 || p.Not[2].Why != "mandate KERLANN-1 was for one debit, of F2026-0001" {
		t.Errorf("plan %+v", p)
	}
	// 36 months without a debit, and the mandate is void.
	f.at("2029-12-04")
	p, err = f.bills.PlanDebits(f.day("2029-12-05"))
	f.must(err)
	if len(p.Debits) != 0 {
		t.Errorf("a lapsed mandate is used: %+v", p.Debits)
	}
}

// TestRevokedBeforeTheBank: the bank does not get the file of an order that collects by a
// mandate that was revoked meanwhile.
func TestRevokedBeforeTheBank(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	d := f.order("2026-12-04")
	_, err := f.bills.RevokeMandate(anne, "KERLANN-1", "leaves", false)
	f.must(err)
	_, err = f.bills.DebitFile(d.ID)
	f.refuses(err, "mandate KERLANN-1 was revoked on 2026-12-02, and order DEBIT-000001 collects F2026-0001 by it on 2026-12-04", "accolade debit cancel DEBIT-000001 --reason WHY")
	_, err = f.bills.CancelDebits(anne, d.ID, "the mandate was revoked")
	f.must(err)
	f.reckons()
}

// TestBackBeforeItCame: what the bank took back before a payment came was another one.
func TestBackBeforeItCame(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	d := f.order("2026-12-04")
	f.at("2026-12-05")
	_, err := f.bills.SettleDebits(anne, d.ID, "", calendar.Date{})
	f.must(err)
	f.imports(entry{day: "2026-12-03", amount: -140_40, e2e: "F2026-0001", mandate: "KERLANN-1", reason: "AM04"})
	r := f.readings()[0]
	if len(r.Returns) != 0 {
		t.Errorf("it is read as %+v", r.Returns)
	}
	_, err = f.bills.Confirm(anne, r.Movement.ID, billing.Choice{Undo: "P000001"})
	f.refuses(err, "movement "+r.Movement.ID+" is of 2026-12-03, and payment P000001 came on 2026-12-04: it takes back another one")
	f.left("0.00", "93.60", "0.00", "93.60")
}

func TestDebitRefusals(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	order := func(on string, format sepa.Format) error {
		_, err := f.bills.OrderDebits(anne, f.day(on), format)
		return err
	}
	f.refuses(order("2026-12-02", ""), "the earliest is 2026-12-03")
	f.refuses(order("2026-12-05", ""), "banks do not work on that day; the next one is 2026-12-07")
	f.refuses(order("2026-12-04", "pain.008.001.99"), "format pain.008.001.99 is refused")
	f.bills.Seller.ICS = ""
	f.refuses(order("2026-12-04", ""), "your bank's creditor identifier is not in the configuration")
	_, err := f.bills.DebitFile("DEBIT-000001")
	f.refuses(err, `no debit "DEBIT-000001"`)
	f.at("2026-11-03")
	f.bills.Seller.ICS = "FR72ZZZ123456"
	p, err := f.bills.PlanDebits(f.day("2026-11-12"))
	f.must(err)
	if len(p.Debits) != 1 || p.Not[1].Why != "it is due on 2026-11-30" {
		t.Errorf("what is not due is collected: %+v", p)
	}
	f.left("140.40", "93.60", "140.40", "93.60")
}

// TestDebitsAtOnce: of many orders at the same time, each invoice is in one.
func TestDebitsAtOnce(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	f.mandate("Penmarch", penmarchIBAN)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() { _, _ = f.bills.OrderDebits(anne, f.day("2026-12-04"), "") }) // all but one find nothing left
	}
	wait.Wait()
	all, err := f.bills.DebitOrders()
	f.must(err)
	if len(all) != 1 || len(all[0].Order.Debits) != 4 {
		t.Errorf("%d orders, want one of all four", len(all))
	}
	f.reckons()
}

// TestPaidMeanwhile: a debit whose invoice was paid otherwise leaves a rest.
func TestPaidMeanwhile(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	d := f.order("2026-12-04")
	f.pay(0, "F2026-0001")
	f.at("2026-12-04")
	_, err := f.bills.SettleDebits(anne, d.ID, "", calendar.Date{})
	f.must(err)
	f.left("0.00", "93.60", "0.00", "93.60")
	clients, _, err := f.bills.Ageing()
	f.must(err)
	if clients[1].Client != "kerlann" || clients[1].Unused != 140_40 {
		t.Errorf("ageing %+v", clients)
	}
}
