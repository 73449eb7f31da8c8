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
	var words string
	included := billing.HoursWords(int64(a.Included))
	switch {
	case a.Left > 0 && a.Used == 0:
		words = fmt.Sprintf("Vos %s d'accompagnement de l'année restent entières.", included)
	case a.Left > 0:
		words = fmt.Sprintf("Sur vos %s d'accompagnement de l'année, %s ont été utilisées : il vous reste %s.", included, billing.HoursWords(int64(a.Used)), billing.HoursWords(int64(a.Left)))
	case a.Over > 0:
		words = fmt.Sprintf("Vos %s d'accompagnement de l'année sont épuisées, et dépassées de %s.", included, billing.HoursWords(int64(a.Over)))
	default:
		words = fmt.Sprintf("Vos %s d'accompagnement de l'année sont épuisées.", included)
	}
	words += fmt.Sprintf(" L'année de votre contrat va %s.", billing.SpanText(a.Year.From, a.Year.To))
	s.block("Votre accompagnement", words)
}

// payment says how to pay.
func (s invoice) payment() {
	seller := s.inv.Seller
	switch {
	case s.inv.Type == billing.CreditNote:
		s.block("Règlement", "Cet avoir est déduit de ce que vous nous devez ; il vous est remboursé s'il n'y a plus rien à payer.")
		return
	case s.inv.Payable() <= 0:
		s.block("Règlement", "Rien à payer.")
		return
	}
	account := "IBAN " + fours(seller.IBAN)
	if seller.BIC != "" {
		account += " · BIC\u00a0" + seller.BIC
	}
	s.block("Règlement", fmt.Sprintf("Par virement, au plus tard le %s. Bénéficiaire : %s.", billing.DateText(s.inv.Due), seller.Name),
		account, "Référence à rappeler : "+s.inv.Number)
}

// mentions are what the law wants to be read (articles L441-9, L441-10 and D441-5
// du Code de commerce, 242 nonies A de l'annexe II du CGI).
func (s invoice) mentions() {
	seller := s.inv.Seller
	m := []string{"Catégorie de l'opération : prestation de services."}
	if seller.VATRegime == billing.Franchise {
		m = append(m, "TVA non applicable, art. 293 B du CGI.")
	}
	if slices.ContainsFunc(s.inv.Groups, func(g billing.TaxGroup) bool { return g.Category == billing.ReverseCharge }) {
		m = append(m, "Autoliquidation.")
	}
	if seller.VATOnDebits {
		m = append(m, "Option pour le paiement de la taxe d'après les débits.")
	}
	m = append(m, seller.DiscountText(), seller.LateText(), billing.RecoveryText())
	s.block("Mentions légales", strings.Join(m, " "))
}

// block is a title and paragraphs beside it, kept whole on its page.
func (s *sheet) block(title string, paragraphs ...string) {
	const indent = 42.0
	st := style{8, false, black}
	var lines []string
	for _, p := range paragraphs {
		lines = append(lines, s.wrap(right-left-indent, st, nobreak(p))...)
	}
	s.room(float64(len(lines))*st.leading() + 5)
	s.y += 5
	s.text(left, s.y, style{8, true, accent}, title)
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
