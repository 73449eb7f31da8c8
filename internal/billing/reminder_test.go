package billing_test

import (
	"fmt"
	"strings"
	"testing"

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

// TestReminders follows September's invoices, due on 30 October, through their levels.
func TestReminders(t *testing.T) {
	f := billed(t)
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
	_, err := f.bills.Reminders()
	f.refuses(err, "the configuration names no rate of late interest")
	f.bills.LateRates = late.Rates{{From: f.day("2027-01-01"), Yearly: 1200}}
	_, err = f.bills.Reminders()
	f.refuses(err, "F2026-0001: no rate of late interest is known for 2026-10-31")
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
