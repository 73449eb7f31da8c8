package match

import (
	"cmp"
	"slices"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Collected is an invoice's part in a payment that a bank may take back.
type Collected struct {
	Payment string        `json:"payment"`
	Invoice string        `json:"invoice"`
	Amount  money.Cents   `json:"amount"`
	Mandate string        `json:"mandate,omitempty"` // of a direct debit
	On      calendar.Date `json:"on"`                // when it came
}

// Back is one reading of money that was taken back.
type Back struct {
	Payment string   `json:"payment"`
	Invoice string   `json:"invoice"`
	Score   int      `json:"score"`
	Reasons []string `json:"reasons"`
}

// Returns are the payments that a returned movement may undo, the likeliest first: the
// amount has to be that of the payment, and it cannot have come back before it came.
func Returns(m sepa.Movement, collected []Collected) []Back {
	if m.Amount >= 0 {
		return nil
	}
	var all []Back
	for _, c := range collected {
		if c.Amount != -m.Amount || m.Booked.Before(c.On) {
			continue
		}
		b := Back{Payment: c.Payment, Invoice: c.Invoice, Score: byAmount, Reasons: []string{"is the amount of payment " + c.Payment}}
		switch {
		case m.EndToEnd == c.Invoice:
			b.Score += byNumber
			b.Reasons = append(b.Reasons, "the bank names the debit of "+c.Invoice)
		case names(m.Text, c.Invoice):
			b.Score += byNumber - 10
			b.Reasons = append(b.Reasons, "the text names "+c.Invoice)
		}
		if c.Mandate != "" && m.Mandate == c.Mandate {
			b.Score += byAccount + byName
			b.Reasons = append(b.Reasons, "by mandate "+c.Mandate)
		}
		if b.Score > byAmount || m.Return != nil {
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b Back) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Payment, b.Payment)) })
	return all[:min(len(all), most)]
}

// Batch is a batch of direct debits whose money has not come yet.
type Batch struct {
	ID  string      `json:"id"` // of the batch within the order
	Run string      `json:"run"`
	Sum money.Cents `json:"sum"`
}

// Batches are the batches that a movement may be the money of, in one sum.
func Batches(m sepa.Movement, waiting []Batch) []Batch {
	var all []Batch
	for _, b := range waiting {
		if m.Amount == b.Sum && m.Return == nil && (m.Batch == b.ID || m.Batch == "" && (names(m.Text, b.ID) || names(m.Text, b.Run))) {
			all = append(all, b)
		}
	}
	return all
}
