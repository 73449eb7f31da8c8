package sepa

import "regexp"

// bicForm is the stricter of the two schemas' (pain.008.001.02); every BIC in use fits.
var bicForm = regexp.MustCompile(`^[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?$`)

// ParseBIC reads the identifier of a bank (ISO 9362) into its plain form.
func ParseBIC(s string) (string, error) {
	bic := spaceless(s)
	if !bicForm.MatchString(bic) {
		return "", invalid("bic", s, "want 8 or 11 characters: bank, country, place and perhaps the branch, such as AGRIFRPP")
	}
	return bic, nil
}
