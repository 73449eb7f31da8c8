package margin

import "codeberg.org/accolade/accolade/internal/money"

// part is the share of n in of, rounded half up. None of the three is negative.
func part(whole money.Cents, n, of int64) money.Cents {
	return money.Cents((2*int64(whole)*n + of) / (2 * of))
}
