package billing_test

import (
	"fmt"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/late"
	"codeberg.org/accolade/accolade/internal/contract"
)

// reminded are today's reminders, as `kerlann 1: F2026-0001 140.40 + 0.32 + 40.00`.
func (f *firm) reminded() (out []string) {
	f.Helper()
	all, err := f.bills.Reminders()
	f.must(err)
	for _, r := range all {
		var on []string
		for _, l := range r.Invoices {
			on = append(on, fmt.Sprintf("%s(%d)", l.Invoice, l.Level))
		}
		out = append(out, fmt.Sprintf("%s %d: %s %s + %s + %s", r.Client, r.Level, strings.Join(on, " "), r.Left.Decimal(), r.Interest.Decimal(), r.Fees.Decimal()))
	}
	return out
}

// law says by which law a client owes something for paying late.
func (f *firm) law(client string, l contract.LateLaw) {
	f.Helper()
	_, err := f.book.EditClient(anne, client, func(c *contract.Client) error { c.Late = l; return nil })
	f.must(err)
}

// TestReminders follows September's invoices, due on 30 October, through their levels.
func TestReminders(t *testing.T) {
	f := billed(t)
	f.law("kerlann", contract.Commerce)
	f.law("penmarch", contract.Commerce)
	var err error
	f.bills.LateRates, err = late.ParseRates("2026-07-01 12, 2027-01-01 14.60")
	f.must(err)
	f.pay(0, "F2026-0002")
	f.at("2026-11-05")
	f.wants(f.reminded())
	f.at("2026-11-06") // 7 days: 140.40 x 12 % x 7 / 365 = 0.32
	f.wants(f.reminded(), "kerlann 1: F2026-0001(1) 140.40 + 0.32 + 40.00")
	text, _, err := f.bills.ReminderText("Kerlann")
	f.must(err)
	if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), "F2026-0001, échue le 30 octobre 2026 : 140,40 €") || strings.Contains(text, "intérêts") {
		t.Errorf("the first letter is\n%s", text)
	}
	_, err = f.bills.Remind(anne, "kerlann")
	f.must(err)
	f.wants(f.reminded())
	_, err = f.bills.Remind(anne, "kerlann")
	f.refuses(err, "Kerlann is not to be reminded today")
	f.at("2026-11-20") // 21 days: 0.97
	f.wants(f.reminded(), "kerlann 2: F2026-0001(2) 140.40 + 0.97 + 40.00")
	text, _, err = f.bills.ReminderText("Kerlann")
	f.must(err)
	if !strings.Contains(text, "intérêts de retard (0,97") || !strings.Contains(text, "L441-10") {
		t.Errorf("the second letter is\n%s", text)
	}
	_, err = f.bills.Remind(anne, "kerlann")
	f.must(err)
	f.at("2026-12-14") // 45 days: 2.08; October's invoices are 14 days late: 0.65 and 0.43
	f.wants(f.reminded(), "kerlann 3: F2026-0001(3) F2026-0003(1) 280.80 + 2.73 + 80.00", "penmarch 1: F2026-0004(1) 93.60 + 0.43 + 40.00")
	_, err = f.book.EditClient(anne, "kerlann", func(c *contract.Client) error { c.Language = "en"; return nil })
	f.must(err)
	text, r, err := f.bills.ReminderText("Kerlann")
	f.must(err)
	if !strings.Contains(text, "formal notice to pay "+r.Total.String()) || !strings.Contains(text, "recovery fee (article D441-5): 80.00 EUR") {
		t.Errorf("the formal notice is\n%s", text)
	}
	_, err = f.bills.Remind(anne, "kerlann")
	f.must(err)
	// 62 days at 12 % and 10 at 14.60 %: 2.8619 + 0.5616 = 3.42; 31 and 10 days: 1.4309 + 0.5616 = 1.99.
	f.at("2027-01-10")
	f.wants(f.reminded(), "kerlann 2: F2026-0001(0) F2026-0003(2) 280.80 + 5.41 + 80.00", "penmarch 1: F2026-0004(1) 93.60 + 1.33 + 40.00")
	f.reckons()
}

func TestReminderRefusals(t *testing.T) {
	f := billed(t)
	f.law("kerlann", contract.Commerce)
	f.law("penmarch", contract.PublicOrder)
	// Whose interest is not known is listed with the reason, gets no letter, and keeps
	// nobody else from getting one.
	unknown := func(client string, words ...string) {
		t.Helper()
		all, err := f.bills.Reminders()
		f.must(err)
		for _, r := range all {
			if r.Client != client {
				continue
			}
			_, _, err := f.bills.ReminderText(client)
			f.refuses(err, append(words, r.Unknown)...)
			_, err = f.bills.Remind(anne, client)
			f.refuses(err, words...)
			return
		}
		t.Errorf("%s is not listed: %+v", client, all)
	}
	unknown("kerlann", "the configuration names no rate of late interest")
	f.bills.LateRates = late.Rates{{From: f.day("2027-01-01"), Yearly: 1200}}
	unknown("kerlann", "F2026-0001: no rate of late interest is known for 2026-10-31")
	f.bills.LateRates = late.Rates{{From: f.day("2026-01-01"), Yearly: 1200}}
	unknown("penmarch", "no rate of late interest for public bodies, such as Penmarch", "set billing.late_rates_public")
	_, _, err := f.bills.ReminderText("kerlann")
	f.must(err)
	f.bills.LatePublic = late.Rates{{From: f.day("2027-01-01"), Yearly: 1000}}
	unknown("penmarch", "F2026-0002: no rate of late interest is known for 2026-10-31", "billing.late_rates_public")
	f.bills.LatePublic = late.Rates{{From: f.day("2026-01-01"), Yearly: 1000}}
	_, err = f.bills.Remind(anne, "nobody")
	f.refuses(err, `no client "nobody"`)
	_, _, err = f.bills.ReminderText("nobody")
	f.refuses(err, `no client "nobody"`)
	// What is being collected is left alone.
	f.mandate("Kerlann", kerlannIBAN)
	f.order("2026-12-04")
	f.bills.LateRates = late.Rates{{From: f.day("2026-01-01"), Yearly: 1200}}
	all, err := f.bills.Reminders()
	f.must(err)
	if len(all) != 1 || all[0].Client != "penmarch" {
		t.Errorf("reminders %+v", all)
	}
}

// TestPublicBodies: they owe by a law of their own, at the rate of the half-year in which
// interest began to run, and nobody offers to waive it.
func TestPublicBodies(t *testing.T) {
	f := billed(t)
	f.law("kerlann", contract.PublicOrder)
	f.law("penmarch", contract.NoLate)
	var err error
	f.bills.LateRates = late.Rates{{From: f.day("2026-01-01"), Yearly: 1215}}
	f.bills.LatePublic, err = late.ParseRates("2026-07-01 10.15, 2027-01-01 10")
	f.must(err)
	f.pay(0, "F2026-0003")
	f.pay(0, "F2026-0004")
	f.at("2026-12-05")
	f.wants(f.reminded(), "kerlann 1: F2026-0001(1) 140.40 + 1.41 + 40.00", "penmarch 1: F2026-0002(1) 93.60 + 0.00 + 0.00") // 140.40 x 10.15 % x 36 / 365
	_, err = f.bills.Remind(anne, "kerlann")
	f.must(err)
	f.at("2027-01-10") // still at 10.15 %, for 72 days
	f.wants(f.reminded(), "kerlann 2: F2026-0001(2) 140.40 + 2.81 + 40.00", "penmarch 1: F2026-0002(1) 93.60 + 0.00 + 0.00")
	for level, want := range []string{2: "L2192-13 et D2192-35 du Code de la commande publique", 3: "(article L2192-13 du Code de la commande publique) : 3,79"} {
		if want == "" {
			continue
		}
		text, r, err := f.bills.ReminderText("kerlann")
		f.must(err)
		text = strings.ReplaceAll(text, "\u00a0", " ")
		if r.Level != level || !strings.Contains(text, want) || strings.Contains(text, "Code de commerce") || strings.Contains(text, "renoncer") || strings.Contains(text, "suspendrons") {
			t.Errorf("level %d, want %d:\n%s", r.Level, level, text)
		}
		_, err = f.bills.Remind(anne, "kerlann")
		f.must(err)
		f.at("2027-02-04") // 97 days
	}
}

// TestLateFromIssue: what was invoiced long after its month is late from then on.
func TestLateFromIssue(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 3)
	f.law("kerlann", contract.Commerce)
	f.bills.LateRates = late.Rates{{From: f.day("2026-01-01"), Yearly: 1200}}
	f.at("2026-12-02")
	f.finalise("2026-09") // due on 30 October
	f.wants(f.reminded())
	f.at("2026-12-09") // 7 days: 140.40 x 12 % x 7 / 365 = 0.32
	f.wants(f.reminded(), "kerlann 1: F2026-0001(1) 140.40 + 0.32 + 40.00")
	f.mandate("kerlann", kerlannIBAN)
	p, err := f.bills.PlanDebits(f.day("2026-12-15"))
	f.must(err)
	if len(p.Debits) != 0 || p.Not[0].Why != "it was issued on 2026-12-02, and the client has to know 14 days before: from 2026-12-16 on" {
		t.Errorf("what was issued 13 days before is collected: %+v", p)
	}
}

// TestLateLaw: what a client owes for paying late is said, or follows from the kind.
func TestLateLaw(t *testing.T) {
	for kind, want := range map[contract.ClientKind]contract.LateLaw{contract.Business: contract.Commerce, contract.SoleTrader: contract.Commerce,
		contract.TownHall: contract.PublicOrder, contract.School: contract.NoLate, contract.Association: contract.NoLate} {
		if got := (contract.Client{Kind: kind}).LateLaw(); got != want {
			t.Errorf("a %s owes by %s, want %s", kind, got, want)
		}
		if got := (contract.Client{Kind: kind, Late: contract.Commerce}).LateLaw(); got != contract.Commerce {
			t.Errorf("a %s of whom commerce was said owes by %s", kind, got)
		}
	}
	f := billed(t)
	edit := func(late contract.LateLaw, kind contract.ClientKind) error {
		_, err := f.book.EditClient(anne, "kerlann", func(c *contract.Client) error {
			c.Late, c.Kind, c.SIRET = late, kind, "73282932000074"
			return nil
		})
		return err
	}
	f.refuses(edit("later", contract.School), "late law later is refused: want one of commerce, public, none")
	f.refuses(edit(contract.NoLate, contract.TownHall), "late law none is refused: a town hall owes what the Code de la commande publique says", "want public")
	f.must(edit(contract.PublicOrder, contract.TownHall))
	c, err := f.book.Client("kerlann")
	f.must(err)
	if b := billing.BuyerOf(c); b.Late != contract.PublicOrder {
		t.Errorf("its invoices say %q", b.Late)
	}
	seller := seller()
	for law, want := range map[contract.LateLaw]string{
		"":                   "Pénalités de retard : 12 %, exigibles sans rappel dès le lendemain de l'échéance. Indemnité forfaitaire pour frais de recouvrement en cas de retard : 40,00 €.",
		contract.NoLate:      "Pénalités de retard (entre professionnels) : 12 %, exigibles sans rappel dès le lendemain de l'échéance. Indemnité forfaitaire pour frais de recouvrement en cas de retard (entre professionnels) : 40,00 €.",
		contract.PublicOrder: "Intérêts moratoires, dus de plein droit dès le lendemain de l'échéance : taux de refinancement de la Banque centrale européenne majoré de huit points (articles L2192-13 et R2192-31 du Code de la commande publique). Indemnité forfaitaire pour frais de recouvrement : 40,00 € (article D2192-35 du Code de la commande publique).",
	} {
		if got := strings.ReplaceAll(billing.French.Late(seller, law)+" "+billing.French.Recovery(law), "\u00a0", " "); got != want {
			t.Errorf("%q: %q, want %q", law, got, want)
		}
	}
}

// TestAssociationsPayNoInterest: the law's interest and fee are between professionals.
func TestAssociationsPayNoInterest(t *testing.T) {
	f := newFirm(t)
	_, err := f.book.AddClient(anne, contract.Client{Name: "Les Amis", Kind: contract.Association, Contacts: []contract.Contact{{Name: "Anne", Mail: "anne@amis.example", Roles: []contract.Role{contract.Billing}}},
		Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
	f.must(err)
	_, err = f.book.Sign(anne, contract.New{Client: "Les Amis", Offer: "classic", Start: f.day("2026-09-01"), Employees: 1})
	f.must(err)
	f.at("2026-10-02")
	f.finalise("2026-09")
	f.at("2026-12-20")
	f.bills.LateRates = late.Rates{{From: f.day("2026-01-01"), Yearly: 1200}}
	f.wants(f.reminded(), "les-amis 1: F2026-0001(1) 46.80 + 0.00 + 0.00")
	text, _, err := f.bills.ReminderText("les-amis")
	f.must(err)
	if !strings.Contains(text, "46,80") {
		t.Error(text)
	}
}
