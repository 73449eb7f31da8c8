package paper

import (
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
)

// allowance says in plain words how many hours are left.
func (s invoice) allowance() {
	a := s.inv.Allowance
	if a == nil {
		return
	}
	in := s.inv.Language
	var words string
	included := in.Hours(a.Included)
	switch {
	case a.Left > 0 && a.Used == 0:
		words = fmt.Sprintf(s.words.wholeLeft, included)
	case a.Left > 0:
		words = fmt.Sprintf(s.words.partLeft, included, in.Hours(a.Used), in.Hours(a.Left))
	case a.Over > 0:
		words = fmt.Sprintf(s.words.over, included, in.Hours(a.Over))
	default:
		words = fmt.Sprintf(s.words.used, included)
	}
	words += fmt.Sprintf(s.words.year, in.Span(a.Year.From, a.Year.To))
	paragraphs := []string{words}
	if i := slices.IndexFunc(s.inv.Lines, func(l billing.Line) bool { return l.Part == billing.Subscription }); i >= 0 {
		paragraphs = append([]string{fmt.Sprintf(s.words.included, lowerFirst(s.inv.Lines[i].Title), included)}, paragraphs...)
	}
	s.block(s.words.allowance, paragraphs...)
}

// payment says how to pay.
func (s invoice) payment() {
	seller, w := s.inv.Seller, s.words
	switch {
	case s.inv.Type == billing.CreditNote:
		s.block(w.payment, w.byCredit)
		return
	case s.inv.Payable() <= 0:
		s.block(w.payment, w.nothing)
		return
	}
	if d := s.inv.Debit; d != nil {
		s.block(w.payment, fmt.Sprintf(w.debit, s.inv.Language.Date(d.On), d.Account()), fmt.Sprintf(w.mandate, d.Mandate, d.Creditor))
		return
	}
	account := "IBAN " + fours(seller.IBAN)
	if seller.BIC != "" {
		account += " · BIC\u00a0" + seller.BIC
	}
	s.block(w.payment, fmt.Sprintf(w.transfer, s.inv.Language.Date(s.inv.Due), seller.Name), account, fmt.Sprintf(w.reference, s.inv.Number))
}

// mentions are what the law wants to be read (articles L441-9, L441-10 and D441-5
// du Code de commerce, 242 nonies A de l'annexe II du CGI).
func (s invoice) mentions() {
	seller, in := s.inv.Seller, s.inv.Language
	m := []string{in.Operation()}
	for _, c := range []billing.Category{billing.Exempt, billing.ReverseCharge, billing.OutOfScope} {
		if slices.ContainsFunc(s.inv.Groups, func(g billing.TaxGroup) bool { return g.Category == c }) {
			m = append(m, strings.TrimSuffix(s.inv.Exempted(c).Text, ".")+".")
		}
	}
	if seller.VATOnDebits {
		m = append(m, in.OnDebits())
	}
	m = append(m, in.Discount(seller), in.Late(seller), in.Recovery())
	s.block(s.words.mentions, strings.Join(m, " "))
}

// block is a title and paragraphs beside it, kept whole on its page.
func (s *sheet) block(title string, paragraphs ...string) { s.blockBelow(5, title, paragraphs) }

// blockBelow is block with a gap of its own above, in millimetres.
func (s *sheet) blockBelow(gap float64, title string, paragraphs []string) {
	const indent = 42.0
	st := style{8, false, black}
	var lines []string
	for _, p := range paragraphs {
		lines = append(lines, s.wrap(right-left-indent, st, nobreak(p))...)
	}
	s.room(float64(len(lines))*st.leading() + gap)
	s.y += gap
	s.text(left, s.y, style{8, true, s.accent}, title)
	y := s.y
	for _, line := range lines {
		s.text(left+indent, y, st, line)
		y += st.leading()
	}
	s.y = y
}

// nobreak keeps French double punctuation on the line of its word.
func nobreak(s string) string {
	return strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " %", "\u00a0%", " €", "\u00a0€").Replace(s)
}
