package billing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// CreditInput asks for a credit note. Without Lines and Amounts it takes back all that
// earlier credit notes have left of the invoice.
type CreditInput struct {
	Invoice string         `json:"invoice"`
	Reason  string         `json:"reason"`
	Lines   []int          `json:"lines,omitempty"` // of the invoice, the first is 1
	Amounts []CreditAmount `json:"amounts,omitempty"`
	// Replace has what the invoice billed billed anew on the contract's next invoice:
	// as contract and hours are by then.
	Replace bool `json:"replace,omitempty"`
	Again   bool `json:"again,omitempty"` // though the same was issued lately
}

// CreditAmount is an amount before tax that is taken off one VAT group of an invoice.
type CreditAmount struct {
	Net      money.Cents `json:"net"`
	Text     string      `json:"text"`               // what for, as on the paper
	Rate     *money.Rate `json:"rate,omitempty"`     // nil: the invoice has one rate
	Category Category    `json:"category,omitempty"` // where two groups have the rate
}

// creditOf composes the credit note of an invoice; earlier are the credit notes that it
// has by now. All amounts are positive. What credit notes take back of a VAT group is
// rounded on their sum, so that together they never come to more than the invoice, and
// to all of it in the end.
func creditOf(inv Invoice, earlier []Invoice, in CreditInput, today calendar.Date) (Invoice, error) {
	reason, err := checkNote("reason", in.Reason, true)
	if err != nil {
		return Invoice{}, err
	}
	if inv.Type == CreditNote {
		return Invoice{}, refused("credit the invoice that it corrects: "+inv.Corrects.Number, "%s is a credit note, and a credit note is not credited", inv.Number)
	}
	if today.Before(inv.Date) {
		return Invoice{}, refused("set the machine's clock", "invoice %s is dated %s, and today is %s", inv.Number, inv.Date, today)
	}
	note := inv
	note.Number, note.Type, note.Date, note.Due, note.Allowance, note.Debit = "", CreditNote, today, today, nil, nil
	note.Corrects = &Reference{Number: inv.Number, Of: inv.Type, Date: inv.Date, Reason: reason}
	part := len(in.Lines) > 0 || len(in.Amounts) > 0
	switch {
	case in.Replace && part:
		return Invoice{}, refused("take back a part with: accolade invoice credit", "an invoice is replaced as a whole")
	case len(in.Lines) > 0 && len(in.Amounts) > 0:
		return Invoice{}, refused("issue two credit notes", "lines and amounts do not go together")
	case len(earlier) == 0 && !part:
		return note, nil // the invoice, the other way round
	}
	note.Discounts, note.Deposits = nil, nil
	left := leftOf(inv, earlier)
	if !slices.ContainsFunc(left, func(g TaxGroup) bool { return g.Net != 0 || g.Tax != 0 }) {
		return Invoice{}, refused("", "nothing is left of invoice %s: it was credited by %s", inv.Number, numbersOf(earlier))
	}
	switch {
	case len(in.Lines) > 0:
		note.Lines, err = chosenLines(inv, earlier, in.Lines)
		note.Corrects.Lines = in.Lines
	case len(in.Amounts) > 0:
		note.Lines, err = amountLines(inv, in.Amounts)
	default:
		note.Lines = restLines(inv, left, numbersOf(earlier))
	}
	if err != nil {
		return Invoice{}, err
	}
	return totalCredit(note, inv, left)
}

// leftOf are the VAT groups of an invoice less what credit notes took back.
func leftOf(inv Invoice, earlier []Invoice) []TaxGroup {
	left := slices.Clone(inv.Groups)
	for _, note := range earlier {
		for _, g := range note.Groups {
			if i := g.in(left); i >= 0 {
				left[i].Net, left[i].Tax = left[i].Net-g.Net, left[i].Tax-g.Tax
			}
		}
	}
	return left
}

// in is the place of the group of the same category and rate, -1 if there is none.
func (g TaxGroup) in(groups []TaxGroup) int {
	return slices.IndexFunc(groups, func(o TaxGroup) bool { return o.Category == g.Category && o.Rate == g.Rate })
}

// chosenLines are lines of an invoice that no credit note took back yet.
func chosenLines(inv Invoice, earlier []Invoice, chosen []int) ([]Line, error) {
	var lines []Line
	for i, n := range chosen {
		if n < 1 || n > len(inv.Lines) {
			return nil, &contract.Invalid{Field: "line", Value: fmt.Sprint(n), Allowed: fmt.Sprintf("%s has lines 1 to %d", inv.Number, len(inv.Lines))}
		}
		if slices.Contains(chosen[:i], n) {
			return nil, &contract.Invalid{Field: "line", Value: fmt.Sprint(n), Allowed: "it is named twice"}
		}
		for _, note := range earlier {
			if slices.Contains(note.Corrects.Lines, n) {
				return nil, refused("accolade invoice show "+note.Number, "line %d of %s was credited by %s", n, inv.Number, note.Number)
			}
		}
		lines = append(lines, inv.Lines[n-1])
	}
	return lines, nil
}

// amountLines are lines over amounts that were named.
func amountLines(inv Invoice, amounts []CreditAmount) ([]Line, error) {
	var lines []Line
	for _, a := range amounts {
		text, err := checkNote("text", a.Text, true)
		if err != nil {
			return nil, err
		}
		if a.Net <= 0 {
			return nil, &contract.Invalid{Field: "amount", Value: a.Net.Decimal(), Allowed: "what a credit note takes back is positive, before tax"}
		}
		var fits []TaxGroup
		for _, g := range inv.Groups {
			if (a.Rate == nil || *a.Rate == g.Rate) && cmp.Or(a.Category, g.Category) == g.Category {
				fits = append(fits, g)
			}
		}
		if len(fits) != 1 {
			return nil, &contract.Invalid{Field: "rate", Value: a.rateText(), Allowed: fmt.Sprintf("%s has %s: say of which the amount is", inv.Number, groupsText(inv.Groups))}
		}
		lines = append(lines, restLine(inv, fits[0], a.Net, text, inv.Language.onInvoice(inv.Number)))
	}
	return lines, nil
}

// restLines take back what is left.
func restLines(inv Invoice, left []TaxGroup, credited string) []Line {
	var lines []Line
	for _, g := range left {
		if g.Net != 0 || g.Tax != 0 {
			title, detail := inv.Language.rest(inv.Number, credited)
			lines = append(lines, restLine(inv, g, g.Net, title, detail))
		}
	}
	return lines
}

func restLine(inv Invoice, g TaxGroup, net money.Cents, title, detail string) Line {
	from, to := inv.Period()
	return Line{Part: Correction, Title: title, Detail: detail, For: inv.Month, From: from, To: to, Quantity: 1, Unit: Piece,
		Price: money.PriceOf(net.Rat()), Per: 1, Net: net, Category: g.Category, Rate: g.Rate, Exemption: inv.exemption(g.Category)}
}

// exemption is the one that lines of a category have of their own.
func (inv Invoice) exemption(c Category) *Exemption {
	if slices.ContainsFunc(inv.Lines, func(l Line) bool { return l.Category == c && l.Exemption != nil }) {
		e := inv.Exempted(c)
		return &e
	}
	return nil
}

// totalCredit adds up the lines of a credit note, and refuses more than is left.
func totalCredit(note, inv Invoice, left []TaxGroup) (Invoice, error) {
	note.Groups, note.Net, note.Tax, note.Total = nil, 0, 0, 0
	sum := Total(note)
	for i, g := range sum.Groups {
		rest := left[g.in(left)]
		whole := inv.Groups[g.in(inv.Groups)]
		switch {
		case g.Net < 0 || g.Net == 0 && rest.Net != 0:
			return Invoice{}, refused("take back other lines", "a credit note gives back, and these lines come to %s before tax", g.Net)
		case g.Net > rest.Net:
			return Invoice{}, refused("credit at most that", "%s before tax at %s %% is more than the %s that is left of invoice %s", g.Net, g.Rate.Decimal(), rest.Net, inv.Number)
		}
		// Of everything that was credited up to here, less what was before.
		gone := whole.Net - rest.Net
		g.Tax = money.Round(g.Rate.Of(gone+g.Net)) - (whole.Tax - rest.Tax)
		sum.Tax += g.Tax - sum.Groups[i].Tax
		sum.Groups[i] = g
	}
	sum.Total = sum.Net + sum.Tax
	return sum, nil
}

func numbersOf(notes []Invoice) string {
	all := make([]string, len(notes))
	for i, n := range notes {
		all[i] = n.Number
	}
	return strings.Join(all, ", ")
}

func (a CreditAmount) rateText() string {
	if a.Rate == nil {
		return ""
	}
	return a.Rate.Decimal()
}

func groupsText(groups []TaxGroup) string {
	all := make([]string, len(groups))
	for i, g := range groups {
		all[i] = fmt.Sprintf("%s %s %%", g.Category, g.Rate.Decimal())
	}
	return strings.Join(all, " and ")
}
