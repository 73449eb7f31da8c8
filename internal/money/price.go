package money

import (
	"fmt"
	"math/big"
	"strings"
)

// UnitPrice is a price before tax with six decimals, in millionths of a euro: the
// precision that EN 16931's French rules allow (BT-146). A prorated price
// rarely ends at the cent; the line's amount is rounded from the exact price, and
// quantity x UnitPrice comes to the same cent.
type UnitPrice int64

// PriceOf rounds an exact number of cents to six decimals of a euro.
func PriceOf(exactCents *big.Rat) UnitPrice {
	return UnitPrice(roundInt(new(big.Rat).Mul(exactCents, big.NewRat(10_000, 1))))
}

// Rat is the price as an exact number of cents.
func (p UnitPrice) Rat() *big.Rat { return big.NewRat(int64(p), 10_000) }

// Decimal is `20.80` or `23.903226`: at least two decimals, no more zeros than needed.
func (p UnitPrice) Decimal() string {
	sign := ""
	if p < 0 {
		sign, p = "-", -p
	}
	frac := strings.TrimRight(fmt.Sprintf("%06d", int64(p)%1_000_000), "0")
	return fmt.Sprintf("%s%d.%s", sign, int64(p)/1_000_000, (frac + "00")[:max(2, len(frac))])
}

// French is `23,903226 €`.
func (p UnitPrice) French() string { return frenchNumber(p.Decimal()) + "\u00a0€" }

// English is `€23.903226`.
func (p UnitPrice) English() string { return euroFirst(englishNumber(p.Decimal())) }

// Rate is a percentage in hundredths of a percent: 20 % is 2000, 5.5 % is 550.
type Rate int64

// Of is the rate's share of an amount, exact, in cents.
func (r Rate) Of(c Cents) *big.Rat {
	return new(big.Rat).Mul(c.Rat(), big.NewRat(int64(r), 10_000))
}

// Decimal is `20` or `5.5`.
func (r Rate) Decimal() string {
	s := Cents(r).Decimal()
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// French is `20 %` or `5,5 %`.
func (r Rate) French() string { return strings.Replace(r.Decimal(), ".", ",", 1) + "\u00a0%" }

// English is `20%` or `5.5%`.
func (r Rate) English() string { return r.Decimal() + "%" }

// ParseRate reads a percentage such as `20`, `5.5` or `12,25`.
func ParseRate(s string) (Rate, error) {
	c, err := ParseCents(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%")))
	if err != nil || c > 100_00 {
		return 0, fmt.Errorf("rate %q: want a percentage between 0 and 100 with at most two decimals", s)
	}
	return Rate(c), nil
}
