package contract

import "strings"

// Identifiers of French organisations. Spaces are dropped before a check.

// laPoste's establishments do not follow Luhn: the digits of their SIRET sum to
// a multiple of five (INSEE's documented exception).
const laPoste = "356000000"

// CheckSIREN wants nine digits whose Luhn sum is right.
func CheckSIREN(s string) error {
	switch {
	case len(s) != 9 || !allDigits(s):
		return invalid("siren", s, "want nine digits")
	case luhn(s)%10 != 0:
		return invalid("siren", s, "its check digit is wrong (Luhn): a digit is mistyped")
	}
	return nil
}

// CheckSIRET wants a SIREN and five digits more, Luhn over all fourteen.
func CheckSIRET(s string) error {
	if len(s) != 14 || !allDigits(s) {
		return invalid("siret", s, "want fourteen digits")
	}
	if CheckSIREN(s[:9]) != nil {
		return invalid("siret", s, "its first nine digits are no SIREN (Luhn): a digit is mistyped")
	}
	if luhn(s)%10 == 0 || (s[:9] == laPoste && digitSum(s)%5 == 0) {
		return nil
	}
	return invalid("siret", s, "its check digit is wrong (Luhn): a digit is mistyped")
}

// CheckRNA wants the number of an association: W, then nine digits; Corsica
// has a letter in the third place.
func CheckRNA(s string) error {
	if len(s) == 10 && s[0] == 'W' {
		rest := s[1:]
		if rest[0] == '2' && (rest[1] == 'A' || rest[1] == 'B') {
			rest = "20" + rest[2:]
		}
		if allDigits(rest) {
			return nil
		}
	}
	return invalid("rna", s, "want W and nine digits, such as W561234567")
}

// CheckVAT checks a VAT number; a French one must agree with its SIREN, key included.
func CheckVAT(s, siren string) error {
	if len(s) < 4 || len(s) > 14 || !upperAlnum(s) || !letters(s[:2]) {
		return invalid("vat-number", s, "want a country code and the number, such as FR40123456824")
	}
	if s[:2] != "FR" {
		return nil
	}
	if len(s) != 13 || CheckSIREN(s[4:]) != nil {
		return invalid("vat-number", s, "a French one is FR, two characters and the SIREN")
	}
	if siren != "" && s[4:] != siren {
		return invalid("vat-number", s, "it does not end with the SIREN %s", siren)
	}
	if key, right := s[2:4], (12+3*(number(s[4:])%97))%97; allDigits(key) && number(key) != right {
		return invalid("vat-number", s, "its key %s does not fit the SIREN: want FR%02d%s", key, right, s[4:])
	}
	return nil
}

// compact drops spaces, also the ones that do not break, and capitalises.
func compact(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "").Replace(s))
}

func luhn(s string) int {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum
}

func digitSum(s string) int {
	sum := 0
	for _, c := range s {
		sum += int(c - '0')
	}
	return sum
}

func number(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func letters(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }

func upperAlnum(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}
