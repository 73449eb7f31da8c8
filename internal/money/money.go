// Package money computes in euro cents and exact fractions of them.
//
// Amounts that stand on paper are Cents. What lies between (a price times days
// over days) is a big.Rat and becomes Cents in one place, Round: half away from
// zero, once per line and once per VAT group, as EN 16931 wants. The package never
// uses a float.
package money

import (
	"fmt"
	"math/big"
	"strings"
)

// Cents is an amount in euro cents; JSON carries the integer.
type Cents int64

// Round turns an exact number of cents into whole ones, half away from zero.
// The callers bound prices, headcounts and hours so that every amount fits.
func Round(exact *big.Rat) Cents { return Cents(roundInt(exact)) }

// roundInt rounds half away from zero: floor(|x| + 1/2) with the sign of x.
func roundInt(x *big.Rat) int64 {
	twice := new(big.Int).Lsh(new(big.Int).Abs(x.Num()), 1)
	twice.Add(twice, x.Denom())
	q := twice.Quo(twice, new(big.Int).Lsh(x.Denom(), 1)).Int64()
	if x.Sign() < 0 {
		return -q
	}
	return q
}

// Rat is the amount as an exact number of cents.
func (c Cents) Rat() *big.Rat { return new(big.Rat).SetInt64(int64(c)) }

// Decimal is `1234.56`: the form for CSV files and computers.
func (c Cents) Decimal() string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	return fmt.Sprintf("%s%d.%02d", sign, int64(c)/100, int64(c)%100)
}

// String is `1234.56 EUR`, the form of the command line.
func (c Cents) String() string { return c.Decimal() + " EUR" }

// French is `1 234,56 €`, with spaces that do not break.
func (c Cents) French() string { return frenchNumber(c.Decimal()) + "\u00a0€" }

// English is `€1,234.56`.
func (c Cents) English() string { return euroFirst(englishNumber(c.Decimal())) }

// euroFirst sets the sign of the currency before a number, behind its minus.
func euroFirst(number string) string {
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		return "-€" + rest
	}
	return "€" + number
}

// frenchNumber groups thousands by no-break spaces and sets a decimal comma.
func frenchNumber(decimal string) string { return grouped(decimal, "\u00a0", ",") }

// englishNumber groups thousands by commas.
func englishNumber(decimal string) string { return grouped(decimal, ",", ".") }

func grouped(decimal, thousands, point string) string {
	sign, rest := "", decimal
	if strings.HasPrefix(rest, "-") {
		sign, rest = "-", rest[1:]
	}
	whole, frac, hasFrac := strings.Cut(rest, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thousands)
		}
		b.WriteRune(r)
	}
	if hasFrac {
		b.WriteString(point + frac)
	}
	return b.String()
}

// ParseCents reads `39`, `39.5`, `39.00` or `39,00`: at most two decimals, no
// thousands separator, no sign.
func ParseCents(s string) (Cents, error) {
	bad := fmt.Errorf("amount %q: want euros such as 39 or 39.50", s)
	whole, frac, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if whole == "" || len(whole) > 9 || len(frac) > 2 || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ",") {
		return 0, bad
	}
	var n int64
	for _, r := range whole + (frac + "00")[:2] {
		if r < '0' || r > '9' {
			return 0, bad
		}
		n = n*10 + int64(r-'0')
	}
	return Cents(n), nil
}
