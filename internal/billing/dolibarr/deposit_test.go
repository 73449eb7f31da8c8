package dolibarr_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/money"
	sim "codeberg.org/accolade/accolade/internal/sim/dolibarr"
)

// advance is a deposit invoice of 100.00 and its tax.
func advance() books.Document {
	d := kerlann()
	d.Kind, d.Advance, d.Number = books.Deposit, true, "FA2026-0001"
	d.Lines = []billing.Line{{Part: billing.AdvancePart, Title: "Acompte", For: d.Month, From: d.Date, To: d.Date, Quantity: 1, Unit: billing.Piece, Price: 100_000000, Per: 1, Net: 100_00, Category: billing.Standard, Rate: 2000}}
	d.Groups = []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 100_00, Tax: 20_00}}
	d.Net, d.Tax, d.Total = 100_00, 20_00, 120_00
	return d
}

// final takes that deposit off, or a part of it.
func final(net, tax money.Cents) books.Document {
	inv := billing.Invoice{Number: "F2026-0002", Month: kerlann().Month, Date: kerlann().Date, Due: kerlann().Due, Client: kerlann().Client, Lines: kerlann().Lines,
		Groups: kerlann().Groups, Net: kerlann().Net, Tax: kerlann().Tax, Total: kerlann().Total,
		Deposits: []billing.Deposit{{Reference: billing.Reference{Number: "FA2026-0001", Date: kerlann().Month.First()}, Category: billing.Standard, Rate: 2000, Net: net, Tax: tax, Total: net + tax}}}
	return books.Of(inv)
}

// The deposit becomes a credit of the client, which the final invoice uses up, as when
// somebody does it in the browser: by that Dolibarr's accounting knows it.
func TestDeposit(t *testing.T) {
	there := newSim()
	c := connect(there)
	send(t, c, advance(), false)
	refuses(t, c, final(100_00, 20_00), "the deposit invoice that it takes off, FA2026-0001, is a draft in Dolibarr")
	send(t, c, advance(), true)
	for range 2 {
		send(t, c, final(100_00, 20_00), true)
	}
	all := there.Invoices()
	if len(all) != 2 || all[0].Type != 3 || all[1].Type != 0 || all[1].Status != 1 || all[1].Net != 413_10 || all[1].Tax != 82_62 || all[1].Total != 495_72 {
		t.Fatalf("there are %+v", all)
	}
	last := all[1].Lines[len(all[1].Lines)-1]
	if last.Credit != 1 || last.Text != "(DEPOSIT)" || last.Net != -100_00 || last.Tax != -20_00 || len(all[1].Lines) != 4 {
		t.Errorf("the deposit is taken off by %+v", last)
	}
	// Issued anew after a credit note: the credit is used up, so a line says it.
	again := final(100_00, 20_00)
	again.Number = "F2026-0003"
	send(t, c, again, true)
	all = there.Invoices()
	if last := all[2].Lines[3]; last.Credit != 0 || last.Text != "(DEPOSIT)" || all[2].Total != 495_72 {
		t.Errorf("the second time it is taken off by %+v", last)
	}
}

// What has no credit there is a line that Dolibarr's accounting knows all the same.
func TestPartOfADeposit(t *testing.T) {
	there := newSim()
	c := connect(there)
	send(t, c, final(100_00, 20_00), true) // the deposit was never brought there
	send(t, c, advance(), true)
	part := final(40_02, 8_00)
	part.Number = "F2026-0003"
	send(t, c, part, true)
	odd := final(0_02, 0_01) // of which Dolibarr computes no tax
	odd.Number = "F2026-0004"
	send(t, c, odd, true)
	if n := there.Calls("POST /invoices/{id}/markAsCreditAvailable"); n != 0 {
		t.Errorf("%d credits were made", n)
	}
	for i, want := range map[int]int64{0: 495_72, 2: 567_70, 3: 615_69} {
		all := there.Invoices()
		last := all[i].Lines[len(all[i].Lines)-1]
		if all[i].Total != want || last.Credit != 0 || last.Text != "(DEPOSIT)" {
			t.Errorf("invoice %d comes to %d, want %d, by %+v", i+1, all[i].Total, want, last)
		}
	}
}

// What somebody did there is told or taken as it is.
func TestDepositByHand(t *testing.T) {
	there := newSim()
	c := connect(there)
	send(t, c, advance(), true)
	there.Edit(1, func(i *sim.Invoice) { i.Paid = true })
	refuses(t, c, final(100_00, 20_00), "FA2026-0001, cannot become a credit of the client in Dolibarr: Internal Server Error: Alreay paid")
	there.Edit(1, func(i *sim.Invoice) { i.Paid = false })
	send(t, c, final(100_00, 20_00), false)
	there.Edit(2, func(i *sim.Invoice) { i.Lines = i.Lines[:1]; i.Total = 700_00 })
	refuses(t, c, final(100_00, 20_00), "comes to 700.00 EUR in Dolibarr, ours to 495.72 EUR")
	if n := there.Calls("POST /invoices/{id}/usediscount/{id}"); n != 1 {
		t.Errorf("a draft that somebody changed was changed again")
	}
}

// Whatever goes wrong with any request, the deposit is taken off once.
func TestDepositHalfDone(t *testing.T) {
	paid := func(...func(*sim.Config)) *sim.Server {
		there := newSim()
		send(t, connect(there), advance(), true)
		return there
	}
	halfDone(t, paid, final(100_00, 20_00), func(i []sim.Invoice, _ []sim.Party) bool {
		return len(i) == 2 && i[1].Status == 1 && i[1].Total == 495_72 && len(i[1].Lines) == 4
	})
}
