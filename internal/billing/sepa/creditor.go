package sepa

import (
	"strings"
)

// Creditor is who collects: the cooperative.
type Creditor struct {
	Name string `json:"name"`
	IBAN string `json:"iban"`
	BIC  string `json:"bic,omitempty"`
	ICS  string `json:"ics"` // creditor identifier, from the creditor's bank
}

// tidy brings the fields into their plain form, or refuses.
func (c Creditor) tidy() (Creditor, error) {
	var err error
	if c.Name, err = name("name", c.Name); err != nil {
		return c, err
	}
	if c.IBAN, err = ParseIBAN(c.IBAN); err != nil {
		return c, err
	}
	if c.BIC != "" {
		if c.BIC, err = ParseBIC(c.BIC); err != nil {
			return c, err
		}
	}
	c.ICS, err = ParseICS(c.ICS)
	return c, err
}

// ParseICS reads a creditor identifier (identifiant créancier SEPA) into its plain
// form: country, two check digits, three characters for the creditor's own use (ZZZ as
// a rule) and the national number, in France the NNE of six characters that the Banque
// de France gives. The check leaves out the creditor's own three (EPC262-08).
func ParseICS(s string) (string, error) {
	ics := spaceless(s)
	switch {
	case ics == "":
		return "", invalid("ics", "", "want the creditor identifier that your bank gave you, such as FR72ZZZ123456")
	case len(ics) < 8 || len(ics) > 35 || strings.Trim(ics, upper+digits) != "" || strings.Trim(ics[:2], upper) != "" || strings.Trim(ics[2:4], digits) != "":
		return "", invalid("ics", s, "want country, two check digits, three characters and the national number, such as FR72ZZZ123456")
	case ics[:2] == "FR" && len(ics) != 13:
		return "", invalid("ics", s, "a French one has 13 characters, this one has %d", len(ics))
	case modulo97(ics[7:]+ics[:4]) != 1:
		return "", invalid("ics", s, "its check digits do not fit (modulus 97): a character is mistyped")
	}
	return ics, nil
}
