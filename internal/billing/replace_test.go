package billing

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// creditAny credits an invoice of any month, or replaces it; what is refused changes nothing.
func (h *house) creditAny(t *rapid.T, replace bool) {
	months, err := h.bills.Months()
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, m := range months {
		numbers = append(numbers, m.Invoices...)
	}
	if len(numbers) == 0 {
		return
	}
	in := CreditInput{Invoice: rapid.SampledFrom(numbers).Draw(t, "invoice"), Reason: "wrong", Replace: replace}
	_, _ = h.bills.Credit(anne, in)
}

// TestReplacedComesToTheSame replaces invoices in between, again and again: in the end what
// was billed and not taken back is what contract and ledger come to, hours to the minute and
// subscriptions to the cent, as if nothing had been replaced.
func TestReplacedComesToTheSame(t *testing.T) {
	offers := map[string]contract.Offer{"classic": offer(t, "classic")}
	rapid.Check(t, func(rt *rapid.T) {
		h := houseWith(t, store.Memory(), offers)
		if err := h.sign("a", "classic", h.today().AddDays(rapid.IntRange(0, 40).Draw(rt, "start")), 3); err != nil {
			rt.Fatal(err)
		}
		var done calendar.Minutes
		for range rapid.IntRange(2, 9).Draw(rt, "months") {
			h.to(h.today().MonthOf().Add(1).First())
			for range rapid.IntRange(0, 3).Draw(rt, "entries") {
				e, err := h.ledger.Add(anne, support.Booking{Client: "a", Who: "anne", Minutes: calendar.Minutes(rapid.IntRange(1, 480).Draw(rt, "minutes")),
					Kind: contract.Training, Date: h.today().AddDays(-rapid.IntRange(1, 60).Draw(rt, "ago"))})
				if err == nil {
					done += e.Minutes
				}
			}
			for range rapid.IntRange(0, 2).Draw(rt, "replaced") {
				h.creditAny(rt, true)
			}
			if rapid.IntRange(0, 3).Draw(rt, "leave open") > 0 {
				h.finaliseAll(rt)
			}
			h.same(rt)
		}
		// A replaced invoice is billed anew on the next one.
		h.to(h.today().MonthOf().Add(1).First())
		h.finaliseAll(rt)
		if wrong, err := h.bills.Reckon(); err != nil || len(wrong) > 0 {
			rt.Fatal(wrong, err)
		}
		subscription, over, left := h.billed(rt)
		k, err := h.book.Contract("a-1")
		if err != nil {
			rt.Fatal(err)
		}
		last := h.today().MonthOf().Add(-1)
		var want money.Cents
		for m := k.Start.MonthOf(); !m.After(last); m = m.Add(1) {
			want += netOf(subscriptionLines(m, m.Last(), k, French))
		}
		if subscription != want {
			rt.Fatalf("subscriptions come to %s, want %s", subscription, want)
		}
		if want := support.Over(done, k.Offer.Included); over != want {
			rt.Fatalf("%s were done, %s are billed, want %s", done, over, want)
		}
		if left != 0 {
			rt.Fatalf("%s of replaced invoices are still to pay", left)
		}
	})
}

func (h *house) finaliseAll(t *rapid.T) {
	pending, err := h.bills.Pending(h.today().MonthOf())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range pending {
		if _, err := h.bills.Finalise(anne, m); err != nil {
			t.Fatal(err)
		}
	}
}

// billed adds up invoices that were not taken back; left is what is due of those that were.
func (h *house) billed(t *rapid.T) (subscription money.Cents, over calendar.Minutes, left money.Cents) {
	all, err := h.bills.Receivables("", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if len(r.Credits) > 0 {
			left += r.Left()
			continue
		}
		inv, _, err := h.bills.Invoice(r.Invoice)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range inv.Lines {
			if l.Part == Hours {
				over += calendar.Minutes(l.Quantity)
			} else {
				subscription += l.Net
			}
		}
	}
	return subscription, over, left
}

// TestCreditsComeToTheInvoice takes an invoice back bit by bit: no credit note is over
// nothing, each one's tax is its rate to the cent, and in the end the invoice is gone.
func TestCreditsComeToTheInvoice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		day := calendar.NewDate(2026, 9, 30)
		inv := Invoice{Number: "F2026-0001", Month: day.MonthOf(), Date: day, Due: day}
		for i := range rapid.IntRange(1, 6).Draw(rt, "lines") {
			rate := rapid.SampledFrom([]money.Rate{2000, 1000, 550, 210}).Draw(rt, "rate")
			net := money.Cents(rapid.IntRange(1, 100_000).Draw(rt, "net"))
			inv.Lines = append(inv.Lines, Line{Part: Subscription, Title: fmt.Sprint(i), For: inv.Month, From: day, To: day, Quantity: 1, Unit: Piece, Price: money.PriceOf(net.Rat()), Per: 1, Net: net, Category: Standard, Rate: rate})
		}
		inv = Total(inv)
		var notes []Invoice
		var net, tax, total money.Cents
		take := func(in CreditInput) {
			in.Invoice, in.Reason = inv.Number, "bit by bit"
			note, err := creditOf(inv, notes, in, day.AddDays(9))
			if err != nil {
				return
			}
			if note.Net <= 0 || note.Net+note.Tax != note.Total || net+note.Net > inv.Net || tax+note.Tax > inv.Tax {
				rt.Fatalf("credit note %+v after %d of %+v", note, len(notes), inv)
			}
			for _, g := range note.Groups {
				if off := g.Tax - money.Round(g.Rate.Of(g.Net)); off < -1 || off > 1 || g.Tax < 0 {
					rt.Fatalf("tax %s on %s at %s", g.Tax, g.Net, g.Rate.Decimal())
				}
			}
			note.Number = fmt.Sprintf("A2026-%04d", len(notes)+1)
			net, tax, total = net+note.Net, tax+note.Tax, total+note.Total
			notes = append(notes, note)
		}
		for range rapid.IntRange(0, 8).Draw(rt, "notes") {
			if rapid.Bool().Draw(rt, "by line") {
				take(CreditInput{Lines: []int{rapid.IntRange(1, len(inv.Lines)).Draw(rt, "line")}})
				continue
			}
			g := rapid.SampledFrom(inv.Groups).Draw(rt, "group")
			take(CreditInput{Amounts: []CreditAmount{{Net: money.Cents(rapid.IntRange(1, int(g.Net)).Draw(rt, "amount")), Text: "x", Rate: &g.Rate}}})
		}
		take(CreditInput{})
		if net != inv.Net || tax != inv.Tax || total != inv.Total {
			rt.Fatalf("%d credit notes come to %s + %s = %s, the invoice to %s + %s = %s", len(notes), net, tax, total, inv.Net, inv.Tax, inv.Total)
		}
	})
}
