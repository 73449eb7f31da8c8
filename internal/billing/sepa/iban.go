package sepa

import (
	"slices"
	"strings"
)

// ibanLengths are those of the countries and territories of SEPA, from the IBAN
// registry (ISO 13616) and the EPC's list of countries (EPC409-09).
var ibanLengths = map[string]int{
	"AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
	"FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
	"RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}

// outsideEEA are the countries of SEPA whose payments must carry the postal address of
// the debtor (EPC130-08).
var outsideEEA = []string{"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"}

// ParseIBAN reads an account number with or without spaces into its plain form, and
// refuses one that is not right by ISO 13616: the length of its country, and the whole
// 1 modulo 97 with the first four characters at the end.
func ParseIBAN(s string) (string, error) {
	iban := spaceless(s)
	switch {
	case iban == "":
		return "", invalid("iban", "", "want an account number such as FR14 2004 1010 0505 0001 3M02 606")
	case strings.Trim(iban, upper+digits) != "":
		return "", invalid("iban", s, "it is made of letters and digits alone")
	case len(iban) < 4 || strings.Trim(iban[:2], upper) != "" || strings.Trim(iban[2:4], digits) != "":
		return "", invalid("iban", s, "it begins with the two letters of a country and two check digits, such as FR14")
	}
	want, known := ibanLengths[iban[:2]]
	switch {
	case !known:
		return "", invalid("iban", s, "%s is no country of SEPA", iban[:2])
	case len(iban) != want:
		return "", invalid("iban", s, "an account number of %s has %d characters, this one has %d", iban[:2], want, len(iban))
	// 00, 01 and 99 also come to 1, but no bank computes them: the check digits are 98 minus a remainder.
	case modulo97(iban[4:]+iban[:4]) != 1 || slices.Contains([]string{"00", "01", "99"}, iban[2:4]):
		return "", invalid("iban", s, "its check digits do not fit (modulus 97): a character is mistyped")
	}
	return iban, nil
}

// Fours sets an account number in groups of four, as people read it.
func Fours(iban string) string {
	var groups []string
	for part := range slices.Chunk([]byte(spaceless(iban)), 4) {
		groups = append(groups, string(part))
	}
	return strings.Join(groups, " ")
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// modulo97 reads capitals as 10 to 35 and the whole as one decimal number (ISO 7064).
func modulo97(s string) int {
	n := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			n = (n*10 + int(c-'0')) % 97
		default:
			n = (n*100 + int(c-'A') + 10) % 97
		}
	}
	return n
}

// spaceless is the plain form of what people write in groups.
func spaceless(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }
