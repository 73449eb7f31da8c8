package billing

import (
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// Exemption is why a line bears no tax, as the law wants it to be said: in words, and as a
// code of the VATEX list.
type Exemption struct {
	Text string `json:"text,omitempty"`
	Code string `json:"code,omitempty"`
}

// exemptionCodes are those that a seller in France exempts services by (VATEX, EN 16931
// 1.3.16): articles 261 to 298 of the Code général des impôts, 132 and 135 of the directive.
var exemptionCodes = append(strings.Fields(`VATEX-FR-CGI261-1 VATEX-FR-CGI261-2 VATEX-FR-CGI261-3 VATEX-FR-CGI261-4 VATEX-FR-CGI261-5 VATEX-FR-CGI261-7
	VATEX-FR-CGI261-8 VATEX-FR-CGI261A VATEX-FR-CGI261B VATEX-FR-CGI261C-1 VATEX-FR-CGI261C-2 VATEX-FR-CGI261C-3 VATEX-FR-CGI261D-1 VATEX-FR-CGI261D-1BIS
	VATEX-FR-CGI261D-2 VATEX-FR-CGI261D-3 VATEX-FR-CGI261D-4 VATEX-FR-CGI261E-1 VATEX-FR-CGI261E-2 VATEX-FR-CGI277A VATEX-FR-CGI275
	VATEX-FR-298SEXDECIESA VATEX-FR-CGI295 VATEX-EU-132 VATEX-EU-135-1`), euCodes()...)

// euCodes are the letters of article 132, paragraph 1.
func euCodes() (codes []string) {
	for letter := 'A'; letter <= 'Q'; letter++ {
		codes = append(codes, "VATEX-EU-132-1"+string(letter))
	}
	return codes
}

// checkVAT refuses a category, rate and exemption that do not fit each other, or the
// client. No category stands for that of the contract's own lines.
func checkVAT(category Category, rate money.Rate, e *Exemption, client contract.Client) error {
	bad := func(field string, value any, allowed string) error {
		return &contract.Invalid{Field: field, Value: fmt.Sprint(value), Allowed: allowed}
	}
	switch {
	case category == "" && rate != 0:
		return bad("vat", rate.Decimal(), "say its category: S")
	case category != "" && !slices.Contains([]Category{Standard, ZeroRate, Exempt, ReverseCharge, OutOfScope}, category):
		return bad("category", category, "want S, Z, E, AE or O")
	case category == Standard && !slices.Contains(contract.VATRates, rate):
		return bad("vat", rate.Decimal(), "category S wants a rate of French VAT: "+contract.VATRatesText())
	case category != Standard && rate != 0:
		return bad("vat", rate.Decimal(), fmt.Sprintf("category %s has the rate 0", category))
	case category == ReverseCharge && client.VATNumber == "":
		return bad("category", category, client.Name+" has no VAT number, and only a buyer with one can owe the tax")
	case category == Exempt && (e == nil || e.Text == ""):
		return bad("exemption", "", "say why category E bears no tax, as on the invoice, such as: Exonération de TVA, art. 261-4-4° du CGI")
	case e != nil && category != Exempt && category != OutOfScope:
		return bad("exemption", e.Text+e.Code, "only categories E and O have a reason of their own")
	case e != nil && e.Code != "" && category == Exempt && !slices.Contains(exemptionCodes, e.Code):
		return bad("exemption_code", e.Code, "want a code of the list VATEX for a French seller, such as VATEX-FR-CGI261-4")
	case e != nil && e.Code != "" && category == OutOfScope:
		return bad("exemption_code", e.Code, "category O has its code by itself, VATEX-EU-O")
	}
	return nil
}

// tidied is an exemption with its words in one line, nil without any.
func tidied(e *Exemption) (*Exemption, error) {
	if e == nil || *e == (Exemption{}) {
		return nil, nil
	}
	text, err := checkNote("exemption", e.Text, false)
	return &Exemption{text, strings.ToUpper(strings.TrimSpace(e.Code))}, err
}

// Exempted says why a category of the invoice bears no tax: what its lines say, or what
// the law says of the category. Empty for one that does.
func (inv Invoice) Exempted(c Category) Exemption {
	var e Exemption
	codes := 0
	for _, l := range inv.Lines {
		if l.Category != c || l.Exemption == nil {
			continue
		}
		if !strings.Contains(e.Text, l.Exemption.Text) {
			e.Text = strings.TrimPrefix(e.Text+" ; "+l.Exemption.Text, " ; ")
		}
		if e.Code != l.Exemption.Code {
			e.Code, codes = l.Exemption.Code, codes+1
		}
	}
	if codes > 1 { // one group has one code
		e.Code = ""
	}
	if e.Text == "" {
		e.Text = inv.Language.Exemption(c)
		e.Code = map[Category]string{Exempt: "VATEX-FR-FRANCHISE", ReverseCharge: "VATEX-EU-AE"}[c]
	}
	if c == OutOfScope {
		e.Code = "VATEX-EU-O"
	}
	return e
}

// alone tells whether two categories stand on one invoice: what is out of the tax's scope
// stands by itself (EN 16931, BR-O-11 to 14).
func alone(a, b Category) bool { return (a == OutOfScope) != (b == OutOfScope) }
