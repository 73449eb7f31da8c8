// Package match proposes what a movement on the bank account is about: which invoices
// it pays, which batch of direct debits it settles, which payment it takes back.
//
// Everything here is a pure function of what it is handed. Nothing is booked: a
// proposal has a score and its reasons, and a human confirms one of them.
package match

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Open is an invoice that is not paid in full.
type Open struct {
	Invoice  string        `json:"invoice"`
	Client   string        `json:"client"` // ID
	Name     string        `json:"name"`   // of the client
	Date     calendar.Date `json:"date"`
	Due      money.Cents   `json:"due"`      // what is left to pay
	Accounts []string      `json:"accounts"` // IBANs that the client has paid from, or has a mandate on
}

// Proposal is one reading of a movement that came in.
type Proposal struct {
	Client  string      `json:"client"`
	Parts   []Part      `json:"parts"`
	Rest    money.Cents `json:"rest,omitempty"` // more than the invoices are due
	Score   int         `json:"score"`          // 1 to 100
	Reasons []string    `json:"reasons"`
}

// Part is what of a payment goes to an invoice.
type Part struct {
	Invoice string      `json:"invoice"`
	Amount  money.Cents `json:"amount"`
}

// The weights of what speaks for a proposal; together they make 100.
const (
	byNumber  = 50 // the text names the invoice
	byAmount  = 25 // the amount is what is due, to the cent
	byAccount = 15 // the client's account
	byName    = 10 // of the client, by the share of its words that are found
)

// most proposals are shown for one movement.
const most = 5

// Payments are the readings of a movement as a payment, the likeliest first; none for
// money that left or came back. Equal input gives equal proposals.
func Payments(m sepa.Movement, open []Open) []Proposal {
	if m.Amount <= 0 || m.Return != nil {
		return nil
	}
	open = slices.SortedFunc(slices.Values(open), func(a, b Open) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Invoice, b.Invoice)) })
	var clients []string
	byClient := map[string][]Open{}
	for _, o := range open {
		if o.Due <= 0 {
			continue
		}
		if byClient[o.Client] == nil {
			clients = append(clients, o.Client)
		}
		byClient[o.Client] = append(byClient[o.Client], o)
	}
	var all []Proposal
	for _, client := range clients {
		all = append(all, ofClient(m, byClient[client])...)
	}
	slices.SortStableFunc(all, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(a.Parts), len(b.Parts)), cmp.Compare(a.Parts[0].Invoice, b.Parts[0].Invoice))
	})
	return all[:min(len(all), most)]
}

// ofClient reads a movement as a payment of one client's invoices.
func ofClient(m sepa.Movement, open []Open) []Proposal {
	base, score := Proposal{Client: open[0].Client}, 0
	if m.IBAN != "" && slices.Contains(open[0].Accounts, m.IBAN) {
		score += byAccount
		base.Reasons = append(base.Reasons, "from an account of "+open[0].Name)
	}
	known := score > 0
	if found, of := shared(open[0].Name, m.Name+" "+m.Text); found > 0 {
		score += byName * found / of
		known = known || 2*found >= of
		base.Reasons = append(base.Reasons, fmt.Sprintf("%d of %d words of the name %s", found, of, open[0].Name))
	}
	base.Score = score

	var named []Open
	for _, o := range open {
		if names(m.EndToEnd, o.Invoice) || names(m.Text, o.Invoice) {
			named = append(named, o)
		}
	}
	if len(named) > 0 {
		return []Proposal{settle(base, m.Amount, named, byNumber, "names "+list(named))}
	}
	var all []Proposal
	for _, o := range open {
		if o.Due == m.Amount {
			all = append(all, settle(base, m.Amount, []Open{o}, 0, ""))
		}
	}
	if total := sum(open); len(open) > 1 && total == m.Amount {
		all = append(all, settle(base, m.Amount, open, 0, ""))
	}
	if len(all) == 0 && known {
		all = append(all, settle(base, m.Amount, open, 0, "the oldest first"))
	}
	return all
}

// settle spreads an amount over invoices, the oldest first.
func settle(p Proposal, amount money.Cents, on []Open, weight int, why string) Proposal {
	p.Reasons = slices.Clone(p.Reasons)
	if why != "" {
		p.Reasons = slices.Insert(p.Reasons, 0, why)
	}
	p.Score += weight
	total := sum(on)
	for left := amount; len(on) > 0 && left > 0; on = on[1:] {
		part := min(left, on[0].Due)
		p.Parts, left = append(p.Parts, Part{on[0].Invoice, part}), left-part
	}
	switch {
	case amount == total:
		p.Score += byAmount
		p.Reasons = append(p.Reasons, "is what is due to the cent")
	case amount < total:
		p.Reasons = append(p.Reasons, fmt.Sprintf("%s less than is due", total-amount))
	default:
		p.Rest = amount - total
		p.Reasons = append(p.Reasons, fmt.Sprintf("%s more than is due", p.Rest))
	}
	return p
}

func sum(open []Open) (total money.Cents) {
	for _, o := range open {
		total += o.Due
	}
	return total
}

func list(open []Open) string {
	var numbers []string
	for _, o := range open {
		numbers = append(numbers, o.Invoice)
	}
	return strings.Join(numbers, " ")
}

var runs = regexp.MustCompile(`[A-Za-z]+|[0-9]+`)

// names reports whether a text names an invoice: with other signs between its parts, or
// none, or spaces where a bank broke the line. What goes on with a digit is another number.
func names(text, invoice string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?i)(^|[^A-Za-z0-9]|[A-Za-z]{2})`)
	for i, run := range runs.FindAllString(invoice, -1) {
		if i > 0 {
			pattern.WriteString(`[^A-Za-z0-9]*`)
		}
		pattern.WriteString(strings.Join(strings.Split(run, ""), ` ?`))
	}
	pattern.WriteString(`([^0-9]|$)`)
	re, err := regexp.Compile(pattern.String())
	return err == nil && re.MatchString(text)
}
