package billing_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/match"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

const oursIBAN = "FR7630006000011234567890189"

// entry is one line of a bank's file.
type entry struct {
	day, name, iban, e2e, batch, mandate, text, reason string
	amount                                             money.Cents
}

// camt writes a statement (or, with a reason in an entry, what a bank sends with it).
func camt(account string, entries ...entry) string {
	var b strings.Builder
	b.WriteString(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>N-1</Id><Acct><Id><IBAN>` + account + `</IBAN></Id></Acct>`)
	for _, e := range entries {
		direction, amount := "CRDT", e.amount
		if amount < 0 {
			direction, amount = "DBIT", -amount
		}
		back := ""
		if e.reason != "" {
			back = "<RtrInf><Rsn><Cd>" + e.reason + "</Cd></Rsn></RtrInf>"
		}
		fmt.Fprintf(&b, `<Ntry><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt><NtryDtls><TxDtls><Refs><PmtInfId>%s</PmtInfId><EndToEndId>%s</EndToEndId><MndtId>%s</MndtId></Refs><RltdPties><Dbtr><Pty><Nm>%s</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>%s</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>%s</Ustrd></RmtInf>%s</TxDtls></NtryDtls></Ntry>`,
			amount.Decimal(), direction, e.day, e.batch, e.e2e, e.mandate, e.name, e.iban, e.text, back)
	}
	b.WriteString(`</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`)
	return b.String()
}

func (f *firm) imports(entries ...entry) billing.Imported {
	f.Helper()
	in, err := f.bills.ImportStatement(anne, strings.NewReader(camt(oursIBAN, entries...)))
	f.must(err)
	return in
}

// readings are what the open movements may be about, in one line each.
func (f *firm) readings() (all []billing.Readings) {
	f.Helper()
	all, err := f.bills.Propose()
	f.must(err)
	return all
}

func (f *firm) confirm(id string, c billing.Choice) billing.Movement {
	f.Helper()
	m, err := f.bills.Confirm(anne, id, c)
	f.must(err)
	return m
}

// TestStatementsBecomePayments: read, proposed, confirmed, and the second time nothing.
func TestStatementsBecomePayments(t *testing.T) {
	f := billed(t)
	lines := []entry{
		{day: "2026-11-27", amount: 140_40, name: "KERLANN", iban: kerlannIBAN, text: "F2026-0001"},
		{day: "2026-11-28", amount: 200_00, name: "PENMARCH SAS", iban: penmarchIBAN, text: "F2026-0002 F2026-0004"},
		{day: "2026-11-28", amount: -12_00, text: "FRAIS"},
	}
	if in := f.imports(lines...); in.New != 3 || in.Known != 0 {
		t.Errorf("imported %+v", in)
	}
	if in := f.imports(lines...); in.New != 0 || in.Known != 3 {
		t.Errorf("the second time: %+v", in)
	}
	f.left("140.40", "93.60", "140.40", "93.60")
	all := f.readings()
	if len(all) != 3 || all[0].Payments[0].Score != 85 || all[0].Payments[0].Parts[0] != (match.Part{Invoice: "F2026-0001", Amount: 140_40}) || all[1].Payments[0].Rest != 12_80 || all[2].Payments != nil {
		t.Fatalf("readings %+v", all)
	}
	m := f.confirm(all[0].Movement.ID[:6], billing.Choice{Invoices: []string{"F2026-0001"}})
	if m.State != billing.Booked || len(m.Payments) != 1 {
		t.Errorf("movement %+v", m)
	}
	_, err := f.bills.Confirm(anne, m.ID, billing.Choice{Invoices: []string{"F2026-0003"}})
	f.refuses(err, "movement "+m.ID+" is booked already, by anne")
	_, err = f.bills.Confirm(anne, all[1].Movement.ID, billing.Choice{Invoices: []string{"F2026-0002", "F2026-0004"}})
	f.refuses(err, "200.00 EUR is 12.80 EUR more than F2026-0002 F2026-0004 is due")
	f.confirm(all[1].Movement.ID, billing.Choice{Invoices: []string{"F2026-0002", "F2026-0004"}, KeepRest: true})
	f.left("0.00", "0.00", "140.40", "0.00")
	_, err = f.bills.Confirm(anne, all[2].Movement.ID, billing.Choice{Invoices: []string{"F2026-0003"}})
	f.refuses(err, "is money that left (-12.00 EUR): it pays no invoice")
	_, err = f.bills.Confirm(anne, all[2].Movement.ID, billing.Choice{Invoices: []string{"F2026-0003"}, Undo: "P000001"})
	f.refuses(err, "say one thing")
	_, err = f.bills.Ignore(anne, all[2].Movement.ID, "")
	f.refuses(err, "reason is missing")
	_, err = f.bills.Ignore(anne, all[2].Movement.ID, "fees")
	f.must(err)
	if open := f.readings(); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}

	// An account that has paid once is known; a mistake opens the movement again.
	f.imports(entry{day: "2026-12-01", amount: 70_00, name: "X", iban: kerlannIBAN})
	if got := f.readings()[0].Payments; len(got) != 1 || got[0].Score != 15 || got[0].Client != "kerlann" {
		t.Errorf("proposals %+v", got)
	}
	_, err = f.bills.UndoPayment(anne, m.Payments[0], "it was for another invoice")
	f.must(err)
	if open := f.readings(); len(open) != 2 {
		t.Errorf("open %+v", open)
	}
	f.confirm(m.ID, billing.Choice{Invoices: []string{"F2026-0003"}})
	f.left("140.40", "0.00", "0.00", "0.00")
}

// TestDebitsComeAndGo: a batch comes in one sum, another piece by piece; one is returned.
func TestDebitsComeAndGo(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	f.mandate("Penmarch", penmarchIBAN)
	d := f.order("2026-12-04")
	f.at("2026-12-07")
	f.imports(
		entry{day: "2026-12-04", amount: 234_00, batch: d.ID + "-1", text: "REMISE PRLV"},
		entry{day: "2026-12-04", amount: 140_40, batch: d.ID + "-2", e2e: "F2026-0003", mandate: "KERLANN-1", iban: kerlannIBAN, name: "KERLANN"},
	)
	all := f.readings()
	if len(all) != 2 || len(all[0].Batches)+len(all[1].Batches) != 1 {
		t.Fatalf("readings %+v", all)
	}
	for _, r := range all {
		if len(r.Batches) == 1 {
			f.confirm(r.Movement.ID, billing.Choice{Batch: d.ID + "-1"})
			continue
		}
		f.confirm(r.Movement.ID, billing.Choice{Invoices: []string{"F2026-0003"}})
	}
	f.left("0.00", "0.00", "0.00", "93.60")
	d, err := f.bills.DebitOrder(d.ID)
	f.must(err)
	if !d.Live() || len(d.Waiting()) != 1 || d.Waiting()[0].Sum != 93_60 || d.Done["F2026-0003"].Payment == "" {
		t.Errorf("order %+v", d)
	}

	f.at("2026-12-10")
	f.imports(entry{day: "2026-12-09", amount: -140_40, e2e: "F2026-0001", mandate: "KERLANN-1", name: "KERLANN", reason: "AM04"})
	r := f.readings()[0]
	if len(r.Returns) != 2 || r.Returns[0].Score != 100 || r.Returns[0].Invoice != "F2026-0001" {
		t.Fatalf("returns %+v", r.Returns)
	}
	_, err = f.bills.Confirm(anne, r.Movement.ID, billing.Choice{Undo: d.Done["F2026-0002"].Payment})
	f.refuses(err, "it does not take it back")
	m := f.confirm(r.Movement.ID, billing.Choice{Undo: r.Returns[0].Payment})
	if m.State != billing.Back {
		t.Errorf("movement %+v", m)
	}
	p, err := f.bills.Payment(r.Returns[0].Payment)
	f.must(err)
	if p.Undone == nil || p.Undone.Reason != "AM04: there is not enough money on the account" || p.Undone.On != f.day("2026-12-09") {
		t.Errorf("payment %+v", p)
	}
	f.left("140.40", "0.00", "0.00", "93.60")
}

func TestImportRefuses(t *testing.T) {
	f := billed(t)
	_, err := f.bills.ImportStatement(anne, strings.NewReader(camt(kerlannIBAN)))
	f.refuses(err, "statement N-1 is of account FR14 2004 1010 0505 0001 3M02 606, ours is FR76 3000 6000 0112 3456 7890 189")
	_, err = f.bills.ImportStatement(anne, strings.NewReader("nothing"))
	f.refuses(err, "statement file")
	f.bills.Seller.IBAN = ""
	_, err = f.bills.ImportStatement(anne, strings.NewReader(camt(oursIBAN)))
	f.refuses(err, "the configuration names no account of ours")
	_, err = f.bills.Reading("ABC")
	f.refuses(err, `no movement "ABC"`)
}

// cut is a store that dies as a transaction ends: nothing of it reaches the disk.
type cut struct {
	store.DB
	updates int
	dead    bool
}

var errCut = errors.New("power cut")

func (c *cut) Update(fn func(store.Tx) error) error {
	c.updates++
	if !c.dead {
		return c.DB.Update(fn)
	}
	return c.DB.Update(func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errCut
	})
}

func contents(t *testing.T, db store.DB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := db.View(func(tx store.Tx) error {
		for k, v := range tx.Scan(nil) {
			fmt.Fprintf(&b, "%q %q\n", k, v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOneTransactionEach: whatever changes the books does so in one transaction, with its
// audit record; a power cut before its end leaves nothing of it.
func TestOneTransactionEach(t *testing.T) {
	f := billed(t)
	f.mandate("Kerlann", kerlannIBAN)
	f.pay(10_00, "F2026-0002")
	f.order("2026-12-03")
	f.at("2026-12-03")
	f.imports(entry{day: "2026-12-02", amount: 5_00, text: "F2026-0004"}, entry{day: "2026-12-02", amount: 280_80, batch: "DEBIT-000001-1"})
	some := f.readings()[0].Movement.ID
	db := &cut{DB: f.db}
	f.bills.DB = db
	for what, do := range map[string]func() error{
		"pay": func() error {
			_, err := f.bills.Pay(anne, billing.NewPayment{Invoices: []string{"F2026-0004"}})
			return err
		},
		"undo": func() error { _, err := f.bills.UndoPayment(anne, "P000001", "x"); return err },
		"mandate": func() error {
			_, err := f.bills.AddMandate(anne, "Penmarch", billing.SignedMandate{Mandate: sepa.Mandate{Signed: f.day("2026-09-15"), IBAN: penmarchIBAN}})
			return err
		},
		"revoke": func() error { _, err := f.bills.RevokeMandate(anne, "KERLANN-1", "", false); return err },
		"settle": func() error { _, err := f.bills.SettleDebits(anne, "DEBIT-000001", "", calendar.Date{}); return err },
		"drop":   func() error { _, err := f.bills.DropDebit(anne, "DEBIT-000001", "F2026-0001", "x"); return err },
		"cancel": func() error { _, err := f.bills.CancelDebits(anne, "DEBIT-000001", "x"); return err },
		"confirm": func() error {
			_, err := f.bills.Confirm(anne, some, billing.Choice{Invoices: []string{"F2026-0004"}, KeepRest: true})
			return err
		},
		"ignore": func() error { _, err := f.bills.Ignore(anne, some, "x"); return err },
		"import": func() error {
			_, err := f.bills.ImportStatement(anne, strings.NewReader(camt(oursIBAN, entry{day: "2026-12-01", amount: 7_00})))
			return err
		},
	} {
		before := contents(t, f.db)
		db.dead, db.updates = true, 0
		if err := do(); !errors.Is(err, errCut) || db.updates != 1 {
			t.Errorf("%s: %d transactions, %v; want one that was cut off", what, db.updates, err)
		}
		if !bytes.Equal(before, contents(t, f.db)) {
			t.Errorf("%s: a cut left something behind", what)
		}
		db.dead = false
	}
	f.order2(t, db)
}

// order2 is the order itself: cut off, made, and not made again.
func (f *firm) order2(t *testing.T, db *cut) {
	_, err := f.bills.CancelDebits(anne, "DEBIT-000001", "x")
	f.must(err)
	before := contents(t, f.db)
	db.dead, db.updates = true, 0
	if _, err := f.bills.OrderDebits(anne, f.day("2026-12-04"), ""); !errors.Is(err, errCut) || db.updates != 1 || !bytes.Equal(before, contents(t, f.db)) {
		t.Errorf("order: %d transactions, %v", db.updates, err)
	}
	db.dead = false
	d, err := f.bills.OrderDebits(anne, f.day("2026-12-04"), "")
	f.must(err)
	if d.ID != "DEBIT-000002" {
		t.Errorf("the order after a cut is %s: a number was lost or used twice", d.ID)
	}
	_, err = f.bills.OrderDebits(anne, f.day("2026-12-04"), "")
	f.refuses(err, "there is nothing to collect")
}

// TestBooksAgree does things at random, and has the books reckoned after each.
func TestBooksAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := billed(t)
		f.mandate("Kerlann", kerlannIBAN)
		f.mandate("Penmarch", penmarchIBAN)
		invoices := []string{"F2026-0001", "F2026-0002", "F2026-0003", "F2026-0004"}
		live := map[string]string{}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			var err error
			what := rapid.SampledFrom([]string{"pay", "undo", "use", "order", "settle", "drop", "cancel", "import", "confirm", "day"}).Draw(rt, "what")
			some := rapid.SampledFrom(invoices).Draw(rt, "invoice")
			payment, order := fmt.Sprintf("P%06d", rapid.IntRange(1, 9).Draw(rt, "payment")), fmt.Sprintf("DEBIT-%06d", rapid.IntRange(1, 4).Draw(rt, "order"))
			amount := money.Cents(rapid.Int64Range(1, 20_000).Draw(rt, "amount"))
			switch what {
			case "pay":
				_, err = f.bills.Pay(anne, billing.NewPayment{Invoices: []string{some}, Amount: amount, KeepRest: rapid.Bool().Draw(rt, "keep")})
			case "undo":
				_, err = f.bills.UndoPayment(anne, payment, "x")
			case "use":
				_, err = f.bills.UsePayment(anne, payment, some)
			case "order":
				_, err = f.bills.OrderDebits(anne, calendar.Date{}, "")
			case "settle":
				_, err = f.bills.SettleDebits(anne, order, "", calendar.Date{})
			case "drop":
				_, err = f.bills.DropDebit(anne, order, some, "x")
			case "cancel":
				_, err = f.bills.CancelDebits(anne, order, "x")
			case "import":
				f.imports(entry{day: f.bills.Today().String(), amount: amount, text: some})
			case "confirm":
				if open := f.readings(); len(open) > 0 {
					_, err = f.bills.Confirm(anne, open[0].Movement.ID, billing.Choice{Invoices: []string{some}, KeepRest: true})
				}
			case "day":
				f.at(f.bills.Today().AddDays(1).String())
			}
			_ = err // what is refused changes nothing, as the reckoning shows
			f.reckons()
			all, err := f.bills.DebitOrders()
			f.must(err)
			clear(live)
			for _, d := range all {
				for _, b := range d.Waiting() {
					for _, x := range b.Debits {
						if live[x.Invoice] != "" {
							rt.Fatalf("%s is in %s and %s", x.Invoice, live[x.Invoice], d.ID)
						}
						live[x.Invoice] = d.ID
					}
				}
			}
			if t.Failed() {
				rt.Fatalf("after %s", what)
			}
		}
	})
}
