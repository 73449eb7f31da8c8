package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

const iban = "FR1420041010050500013M02606"

var books = []Open{
	{Invoice: "F2026-0001", Client: "kerlann", Name: "Mairie de Kerlann", Date: calendar.NewDate(2026, 9, 30), Due: 299_52, Accounts: []string{iban}},
	{Invoice: "F2026-0003", Client: "kerlann", Name: "Mairie de Kerlann", Date: calendar.NewDate(2026, 10, 31), Due: 615_72, Accounts: []string{iban}},
	{Invoice: "F2026-0002", Client: "amis", Name: "Association Les Amis de Saint-Goustan", Date: calendar.NewDate(2026, 9, 30), Due: 299_52},
	{Invoice: "F2026-0004", Client: "noel", Name: "Noël & Fils SARL", Date: calendar.NewDate(2026, 10, 31), Due: 46_80},
	{Invoice: "F2026-0005", Client: "paid", Name: "Payé", Date: calendar.NewDate(2026, 10, 31)},
}

func in(amount money.Cents, name, account, text string) sepa.Movement {
	return sepa.Movement{ID: "M", Amount: amount, Name: name, IBAN: account, Text: text}
}

func show(all []Proposal) string {
	var lines []string
	for _, p := range all {
		var parts []string
		for _, x := range p.Parts {
			parts = append(parts, x.Invoice+"="+x.Amount.Decimal())
		}
		lines = append(lines, fmt.Sprintf("%d %s rest %s: %s", p.Score, strings.Join(parts, " "), p.Rest.Decimal(), strings.Join(p.Reasons, ", ")))
	}
	return strings.Join(lines, "\n")
}

func TestPayments(t *testing.T) {
	for name, tc := range map[string]struct {
		m    sepa.Movement
		want []string
	}{
		"everything fits": {in(299_52, "MAIRIE DE KERLANN", iban, "FACTURE F2026-0001"),
			[]string{"100 F2026-0001=299.52 rest 0.00: names F2026-0001, from an account of Mairie de Kerlann, 1 of 1 words of the name Mairie de Kerlann, is what is due to the cent", "25 F2026-0002=299.52 rest 0.00: is what is due to the cent"}},
		"two in one": {in(915_24, "TRESORERIE", "", "F2026-0001 F2026 0003"),
			[]string{"75 F2026-0001=299.52 F2026-0003=615.72 rest 0.00: names F2026-0001 F2026-0003, is what is due to the cent"}},
		"part of one": {in(200_00, "LES AMIS DE SAINT GOUSTAN", "", "ACOMPTE F 2026 0002"),
			[]string{"60 F2026-0002=200.00 rest 0.00: names F2026-0002, 3 of 3 words of the name Association Les Amis de Saint-Goustan, 99.52 EUR less than is due"}},
		"too much": {in(50_00, "NOEL ET FILS", "", "F20260004"),
			[]string{"60 F2026-0004=46.80 rest 3.20: names F2026-0004, 2 of 2 words of the name Noël & Fils SARL, 3.20 EUR more than is due"}},
		"no number": {in(615_72, "", iban, "VIREMENT"),
			[]string{"40 F2026-0003=615.72 rest 0.00: from an account of Mairie de Kerlann, is what is due to the cent"}},
		"all of one client": {in(915_24, "KERLANN", "", ""),
			[]string{"35 F2026-0001=299.52 F2026-0003=615.72 rest 0.00: 1 of 1 words of the name Mairie de Kerlann, is what is due to the cent"}},
		"oldest first": {in(400_00, "", iban, ""),
			[]string{"15 F2026-0001=299.52 F2026-0003=100.48 rest 0.00: the oldest first, from an account of Mairie de Kerlann, 515.24 EUR less than is due"}},
		"amount alone": {in(299_52, "X", "", ""),
			[]string{"25 F2026-0001=299.52 rest 0.00: is what is due to the cent", "25 F2026-0002=299.52 rest 0.00: is what is due to the cent"}},
		"nothing known":   {in(1_00, "X", "", ""), nil},
		"money that left": {in(-299_52, "MAIRIE DE KERLANN", iban, "F2026-0001"), nil},
		"paid already":    {in(10_00, "", "", "F2026-0005"), nil},
	} {
		if got := show(Payments(tc.m, books)); got != strings.Join(tc.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, strings.Join(tc.want, "\n"))
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]bool{
		"F2026-0001": true, "f2026-0001": true, "FACT F2026/0001.": true, "F 2026 0001": true, "FACTF20260001": true, "F2026-00 01": true, "RE:F2026_0001,F2026_0002": true,
		"F2026-00012": false, "F2026-0011": false, "2026-0001": false, "AF2026-0001": false, "F2026-000": false, "": false, "1F2026-0001": false,
	} {
		if names(text, "F2026-0001") != want {
			t.Errorf("%q names F2026-0001: want %v", text, want)
		}
	}
}

// TestNothingIsLost: what a proposal gives out is the movement, no invoice gets more than
// it is due, and the order of the books does not matter.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var open []Open
		for i := range rapid.IntRange(0, 8).Draw(t, "open") {
			client := rapid.SampledFrom([]string{"kerlann", "penmarch", "noel"}).Draw(t, "client")
			open = append(open, Open{Invoice: fmt.Sprintf("F2026-%04d", i+1), Client: client, Name: client, Date: calendar.NewDate(2026, 1+1, 1+i), Due: money.Cents(rapid.Int64Range(0, 5).Draw(t, "due")), Accounts: []string{client}})
		}
		m := in(money.Cents(rapid.Int64Range(-2, 20).Draw(t, "amount")), rapid.SampledFrom([]string{"", "KERLANN", "NOEL"}).Draw(t, "name"), rapid.SampledFrom([]string{"", "noel"}).Draw(t, "account"),
			rapid.SampledFrom([]string{"", "F2026-0001", "F2026-0002 F2026-0003"}).Draw(t, "text"))
		all := Payments(m, open)
		due := map[string]money.Cents{}
		for _, o := range open {
			due[o.Invoice] = o.Due
		}
		for i, p := range all {
			given := p.Rest
			for _, x := range p.Parts {
				if x.Amount <= 0 || x.Amount > due[x.Invoice] {
					t.Fatalf("%s gets %s, due is %s", x.Invoice, x.Amount, due[x.Invoice])
				}
				given += x.Amount
			}
			if given != m.Amount || p.Score < 1 || p.Score > 100 || i > 0 && p.Score > all[i-1].Score {
				t.Fatalf("%s of %s:\n%s", given, m.Amount, show(all))
			}
		}
		slices.Reverse(open)
		if again := Payments(m, open); show(again) != show(all) {
			t.Fatalf("in another order:\n%s\nwas\n%s", show(again), show(all))
		}
	})
}

func TestReturns(t *testing.T) {
	came := calendar.NewDate(2026, 11, 20)
	collected := []Collected{{"P1", "F2026-0001", 299_52, "KERLANN-1", came}, {"P2", "F2026-0002", 299_52, "AMIS-1", came}, {"P3", "F2026-0003", 615_72, "KERLANN-1", came},
		{"P4", "F2026-0001", 299_52, "KERLANN-1", came.AddDays(1)}} // collected anew, after the bank took P1 back
	back := func(amount money.Cents, e2e, mandate, text string, returned bool) string {
		m := sepa.Movement{Booked: came, Amount: amount, EndToEnd: e2e, Mandate: mandate, Text: text}
		if returned {
			m.Return = &sepa.Return{Code: "AM04"}
		}
		var got []string
		for _, b := range Returns(m, collected) {
			got = append(got, fmt.Sprintf("%s %d", b.Payment, b.Score))
		}
		return strings.Join(got, ", ")
	}
	for got, want := range map[string]string{
		back(-299_52, "F2026-0001", "KERLANN-1", "", true): "P1 100, P2 25",
		back(-299_52, "", "", "IMPAYE F2026-0002", false):  "P2 65",
		back(-299_52, "", "", "LOYER", false):              "",
		back(-615_72, "F2026-0003", "", "", true):          "P3 75",
		back(-1_00, "F2026-0003", "KERLANN-1", "", true):   "",
		back(299_52, "F2026-0001", "KERLANN-1", "", false): "",
	} {
		if got != want {
			t.Errorf("returns %q, want %q", got, want)
		}
	}
}

func TestBatches(t *testing.T) {
	waiting := []Batch{{"DEBIT-000001-1", "DEBIT-000001", 39_00}, {"DEBIT-000001-2", "DEBIT-000001", 954_24}}
	for want, m := range map[string]sepa.Movement{
		"DEBIT-000001-2": {Amount: 954_24, Batch: "DEBIT-000001-2"},
		"DEBIT-000001-1": {Amount: 39_00, Text: "REMISE PRLV DEBIT-000001"},
	} {
		if got := Batches(m, waiting); len(got) != 1 || got[0].ID != want {
			t.Errorf("%+v settles %v, want %s", m, got, want)
		}
	}
	for _, m := range []sepa.Movement{{Amount: 954_24}, {Amount: 954_23, Batch: "DEBIT-000001-2"}, {Amount: 954_24, Batch: "DEBIT-000001-1"}} {
		if got := Batches(m, waiting); len(got) != 0 {
			t.Errorf("%+v settles %v", m, got)
		}
	}
}
