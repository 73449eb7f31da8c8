package billing

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/contract"
)

// The mentions that the law wants on every invoice (articles L441-9, L441-10 and
// D441-5 du Code de commerce, 242 nonies A de l'annexe II du CGI), as sentences. An
// invoice may be written in another language than French; where the law prescribes
// the words themselves, they stand in French behind the English ones.

// between is what is said of terms that only hold between professionals, to a client who
// may be none.
func (in Language) between(law contract.LateLaw) string {
	switch {
	case law != contract.NoLate:
		return ""
	case in == English:
		return " (between professionals)"
	}
	return " (entre professionnels)"
}

// Recovery names the fee for recovery (D441-5 du Code de commerce; of public bodies D2192-35
// du Code de la commande publique).
func (in Language) Recovery(law contract.LateLaw) string {
	fee := in.Money(recoveryFee)
	switch {
	case law == contract.PublicOrder && in == English:
		return fmt.Sprintf("Fixed compensation for recovery costs: %s (article D2192-35 of the French public procurement code).", fee)
	case law == contract.PublicOrder:
		return fmt.Sprintf("Indemnité forfaitaire pour frais de recouvrement : %s (article D2192-35 du Code de la commande publique).", fee)
	case in == English:
		return fmt.Sprintf("Fixed compensation for recovery costs in case of late payment%s: %s.", in.between(law), fee)
	}
	return fmt.Sprintf("Indemnité forfaitaire pour frais de recouvrement en cas de retard%s : %s.", in.between(law), fee)
}

// statutoryRate is the rate that the law sets where nothing else was agreed, as
// sellers print it, and what it is in English.
var statutoryRate = map[string]string{"trois fois le taux d'intérêt légal": "three times the French statutory interest rate"}

// Late names the rate of penalties (L441-10), or what a public body owes by law whatever the
// seller's terms say (L2192-13 and R2192-31 du Code de la commande publique).
func (in Language) Late(s Seller, law contract.LateLaw) string {
	if law == contract.PublicOrder {
		if in == English {
			return "Interest on late payment, due by law from the day after the due date: the European Central Bank's refinancing rate plus eight points (articles L2192-13 and R2192-31 of the French public procurement code)."
		}
		return "Intérêts moratoires, dus de plein droit dès le lendemain de l'échéance : taux de refinancement de la Banque centrale européenne majoré de huit points (articles L2192-13 et R2192-31 du Code de la commande publique)."
	}
	if in == English {
		rate := s.LateRate
		if words, known := statutoryRate[strings.ToLower(strings.ReplaceAll(rate, "’", "'"))]; known {
			rate = words
		}
		if s.LateRateEN != "" {
			rate = s.LateRateEN
		}
		return fmt.Sprintf("Late-payment penalties%s: %s, payable without reminder from the day after the due date.", in.between(law), rate)
	}
	return fmt.Sprintf("Pénalités de retard%s : %s, exigibles sans rappel dès le lendemain de l'échéance.", in.between(law), s.LateRate)
}

// Discount names the discount for early payment, or its absence (L441-9).
func (in Language) Discount(s Seller) string {
	words, none := s.EarlyDiscount, "Pas d'escompte pour paiement anticipé."
	if in == English {
		none = "No discount for early payment."
		if s.EarlyDiscountEN != "" {
			words = s.EarlyDiscountEN
		}
	}
	if s.EarlyDiscount == "" {
		return none
	}
	return strings.TrimSuffix(words, ".") + "."
}

// Operation is the category of the operation (242 nonies A, I, 16°).
func (in Language) Operation() string {
	if in == English {
		return "Category of operation: supply of services (prestation de services)."
	}
	return "Catégorie de l'opération : prestation de services."
}

// OnDebits is said where VAT is paid when it is invoiced (242 nonies A, I, 11° bis).
func (in Language) OnDebits() string {
	if in == English {
		return "VAT is due on invoicing, by option (option pour le paiement de la taxe d'après les débits)."
	}
	return "Option pour le paiement de la taxe d'après les débits."
}

// Exemption is why a category bears no tax, without a full stop; empty for one that
// does, and for the rate 0 (242 nonies A, I, 12° and 13°).
func (in Language) Exemption(c Category) string {
	switch {
	case c == Exempt && in == English:
		return "VAT not applicable, art. 293 B of the French tax code (TVA non applicable, art. 293 B du CGI)"
	case c == Exempt:
		return "TVA non applicable, art. 293 B du CGI"
	case c == OutOfScope && in == English:
		return "Outside the scope of VAT (hors champ d'application de la TVA)"
	case c == OutOfScope:
		return "Hors champ d'application de la TVA"
	case c == ReverseCharge && in == English:
		return "Reverse charge (autoliquidation)"
	case c == ReverseCharge:
		return "Autoliquidation"
	}
	return ""
}

// Form is the legal form with the capital: `SCIC SA au capital de 18 500 €`.
func (in Language) Form(s Seller) string {
	word, rest, _ := strings.Cut(s.Capital, " ")
	variable := strings.EqualFold(word, "capital")
	switch {
	case variable && in == English && rest == "variable":
		return s.LegalForm + " with variable capital"
	case variable && in == English:
		return s.LegalForm + " with " + strings.ToLower(word) + " " + rest
	case in == English:
		return s.LegalForm + " with a capital of " + s.Capital
	case variable:
		return s.LegalForm + " à capital " + rest
	}
	return s.LegalForm + " au capital de " + s.Capital
}

// FormText is the legal form with the capital, in French.
func (s Seller) FormText() string { return French.Form(s) }

// RegisterText is the register: `RCS Lorient`.
func (s Seller) RegisterText() string {
	return "RCS " + strings.TrimSpace(strings.TrimPrefix(s.RCS, "RCS"))
}
