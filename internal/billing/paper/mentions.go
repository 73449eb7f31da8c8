package paper

import (
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

// allowance says in plain words how many hours are left.
func (s invoice) allowance() section {
	a := s.inv.Allowance
	if a == nil {
		return section{}
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
	return section{s.words.allowance, paragraphs}
}

// payment says how to pay.
func (s invoice) payment() section {
	seller, w := s.inv.Seller, s.words
	say := func(paragraphs ...string) section { return section{w.payment, paragraphs} }
	switch d := s.inv.Debit; {
	case s.inv.Type == billing.CreditNote:
		return say(w.byCredit)
	case s.inv.Payable() <= 0:
		return say(w.nothing)
	case d != nil:
		return say(fmt.Sprintf(w.debit, s.inv.Language.Date(d.On), d.Account()), fmt.Sprintf(w.mandate, d.Mandate, d.Creditor))
	}
	account := "IBAN " + strings.ReplaceAll(sepa.Fours(seller.IBAN), " ", "\u00a0")
	if seller.BIC != "" {
		account += " · BIC\u00a0" + seller.BIC
	}
	return say(fmt.Sprintf(w.transfer, s.inv.Language.Date(s.inv.Due), seller.Name), account, fmt.Sprintf(w.reference, s.inv.Number))
}

// mentions are what the law wants to be read (articles L441-9, L441-10 and D441-5
// du Code de commerce, 242 nonies A de l'annexe II du CGI).
func (s invoice) mentions() section {
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
	m = append(m, in.Discount(seller), in.Late(seller, s.inv.Client.Late), in.Recovery(s.inv.Client.Late))
	return section{s.words.mentions, []string{strings.Join(m, " ")}}
}

// blocks sets sections, their titles in the margin, with a gap above each, all on one
// page. One that says nothing is left out.
func (s *sheet) blocks(gap float64, all ...section) {
	const indent = 42.0
	gap = s.gap(gap)
	st := style{8, false, black}
	lines := make([][]string, len(all))
	height := 0.0
	for i, b := range all {
		for _, p := range b.paragraphs {
			lines[i] = append(lines[i], s.wrap(right-left-indent, st, nobreak(p))...)
		}
		height += float64(len(lines[i]))*st.leading() + gap
	}
	s.room(min(height, s.end()-top-9))
	for i, b := range all {
		if len(lines[i]) == 0 {
			continue
		}
		s.y += gap
		s.text(left, s.y, style{8, true, s.accent}, b.title)
		for _, line := range lines[i] {
			s.text(left+indent, s.y, st, line)
			s.y += st.leading()
		}
	}
}

// nobreak keeps French double punctuation and quotation marks on the line of their word.
func nobreak(s string) string { return unbroken.Replace(s) }

var unbroken = strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " %", "\u00a0%", " €", "\u00a0€", " ?", "\u00a0?", " !", "\u00a0!",
	"« ", "«\u00a0", " »", "\u00a0»")
