package sepa

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Statement is what a bank reports about an account: a statement (camt.053), or a
// notification of single movements (camt.054), which has no balances.
type Statement struct {
	ID        string        `json:"id"`      // the bank's
	Account   string        `json:"account"` // IBAN
	From      calendar.Date `json:"from,omitzero"`
	To        calendar.Date `json:"to,omitzero"`
	Opening   *money.Cents  `json:"opening,omitempty"`
	Closing   *money.Cents  `json:"closing,omitempty"`
	Movements []Movement    `json:"movements"` // booked ones, in the bank's order
	Pending   int           `json:"pending,omitempty"`
}

// Movement is money that came or went. What a bank books in one sum and details stands
// here piece by piece, as far as the details come to the sum.
type Movement struct {
	ID        string        `json:"id"` // of its content: the same movement in another file has the same
	Account   string        `json:"account"`
	Booked    calendar.Date `json:"booked"`
	Value     calendar.Date `json:"value,omitzero"`
	Amount    money.Cents   `json:"amount"`         // below zero: money that left
	Name      string        `json:"name,omitempty"` // of the other side
	IBAN      string        `json:"iban,omitempty"` // of the other side
	Text      string        `json:"text,omitempty"` // what the payer wrote, and the bank
	EndToEnd  string        `json:"end_to_end,omitempty"`
	Mandate   string        `json:"mandate,omitempty"` // of a direct debit
	Batch     string        `json:"batch,omitempty"`   // PmtInfId of an order that was carried out in one sum
	Reference string        `json:"reference,omitempty"`
	Return    *Return       `json:"return,omitempty"`
}

// Return says why a payment came back.
type Return struct {
	Code string `json:"code"` // of ISO 20022's ExternalReturnReason1Code, or the bank's own
	Text string `json:"text,omitempty"`
}

// Why is the reason in words.
func (r Return) Why() string {
	words := returnReasons[r.Code]
	switch {
	case words == "" && r.Text == "":
		return r.Code
	case words == "":
		return r.Code + ": " + r.Text
	case r.Text == "":
		return r.Code + ": " + words
	}
	return r.Code + ": " + words + " (" + r.Text + ")"
}

// returnReasons are those of direct debits (EPC173-14).
var returnReasons = map[string]string{
	"AC01": "there is no such account",
	"AC04": "the account is closed",
	"AC06": "the account is blocked",
	"AC13": "the account is a consumer's",
	"AG01": "the account takes no direct debits",
	"AG02": "the kind of operation is wrong",
	"AM04": "there is not enough money on the account",
	"AM05": "it was collected twice",
	"BE05": "the creditor identifier is unknown",
	"CNOR": "the creditor's bank is not reached under that BIC",
	"DNOR": "the debtor's bank is not reached under that BIC",
	"FF01": "the file is not understood",
	"FF05": "the kind of direct debit is wrong",
	"FOCR": "the creditor's bank called it back",
	"MD01": "there is no valid mandate",
	"MD02": "the mandate's data are wrong",
	"MD06": "the debtor disputes it and has his money back",
	"MD07": "the debtor has died",
	"MS02": "the debtor refuses it",
	"MS03": "the bank gives no reason",
	"RC01": "the BIC is wrong",
	"RR01": "account or identity of the debtor is missing",
	"RR02": "name or address of the debtor is missing",
	"RR03": "name or address of the creditor is missing",
	"RR04": "a regulation forbids it",
	"SL01": "the debtor's bank blocks this creditor",
}

// Sum adds up the movements.
func (s Statement) Sum() (sum money.Cents) {
	for _, m := range s.Movements {
		sum += m.Amount
	}
	return sum
}

// name gives each movement an ID made of what it says. Movements that say the same on
// one day are counted, so that a bank without references of its own loses none; two
// files that overlap count alike.
func (s *Statement) name() {
	seen := map[string]int{}
	for i := range s.Movements {
		m := &s.Movements[i]
		what := fmt.Sprintf("%q", []string{s.Account, m.Booked.String(), m.Amount.Decimal(), m.Reference, m.EndToEnd, m.Mandate, m.Batch, m.Name, m.IBAN, m.Text})
		seen[what]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", what, seen[what]))
		m.ID = strings.ToUpper(hex.EncodeToString(sum[:8]))
	}
}
