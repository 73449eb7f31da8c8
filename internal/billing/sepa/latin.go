package sepa

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin are the characters that every bank of SEPA takes (EPC217-08).
const latin = "abcdefghijklmnopqrstuvwxyz" + upper + digits + "/-?:().,'+ "

// written stands for what accents alone do not explain.
var written = strings.NewReplacer("œ", "oe", "Œ", "OE", "æ", "ae", "Æ", "AE", "ß", "ss", "ẞ", "SS", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "đ", "d", "Đ", "D",
	"þ", "th", "Þ", "TH", "ı", "i", "’", "'", "‘", "'", "ʼ", "'", "`", "'", "«", "'", "»", "'", "“", "'", "”", "'", `"`, "'", "–", "-", "—", "-", "‑", "-", "_", "-",
	"&", "+", "@", "(at)", "€", "EUR", "№", "No", "°", "o", "º", "o", "ª", "a", "…", "...", "%", "pct", "[", "(", "]", ")", "{", "(", "}", ")", "=", "-", ";", ",", "!", ".")

// Latin writes a text with the characters that every bank takes: accents go, what has
// a spelling gets it, and what has none becomes a point. Runs of spaces become one.
func Latin(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(written.Replace(strings.Join(strings.Fields(s), " "))) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case strings.ContainsRune(latin, r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			b.WriteByte('.')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// The longest texts that the scheme carries (EPC130-08).
const (
	longestIdentifier = 35
	longestName       = 70
	longestRemittance = 140
)

// checkIdentifier wants what may name a mandate, a payment or a file: at most 35 of the
// characters that every bank takes, and slashes only alone and inside.
func checkIdentifier(field, id string) error {
	switch {
	case id == "":
		return invalid(field, "", "want 1 to %d characters", longestIdentifier)
	case len([]rune(id)) > longestIdentifier:
		return invalid(field, id, "at most %d characters, this has %d", longestIdentifier, len([]rune(id)))
	case strings.Trim(id, latin) != "":
		return invalid(field, id, "banks take a-z A-Z 0-9 / - ? : ( ) . , ' + and the space, without accents")
	case id != strings.Join(strings.Fields(id), " "):
		return invalid(field, id, "it neither begins nor ends with a space, nor holds two in a row")
	case strings.HasPrefix(id, "/") || strings.HasSuffix(id, "/") || strings.Contains(id, "//"):
		return invalid(field, id, "it neither begins nor ends with a slash, nor holds two in a row")
	}
	return nil
}

// name is a name as the bank takes it, cut to what it carries.
func name(field, s string) (string, error) {
	n := Latin(s)
	if strings.Trim(n, ". ") == "" {
		if n != "" {
			return "", invalid(field, s, "want a name with letters that banks take: a-z, with or without accents")
		}
		return "", invalid(field, "", "want the name of the account's holder")
	}
	return cut(n, longestName), nil
}

// cut shortens a text of single bytes.
func cut(s string, most int) string {
	if len(s) > most {
		s = strings.TrimRight(s[:most], " ")
	}
	return s
}
