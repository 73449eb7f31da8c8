package margin

import (
	"cmp"
	"slices"

	"codeberg.org/accolade/accolade/internal/money"
)

// Split shares an amount by weights: whole cents first, what is left to the largest
// remainders, among equals to the first. The shares come to the whole; without any
// weight there are none.
func Split(whole money.Cents, weights []int) []money.Cents {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	shares := make([]money.Cents, len(weights))
	if sum == 0 {
		return shares
	}
	left, rest := whole, make([]int64, len(weights))
	order := make([]int, len(weights))
	for i, w := range weights {
		exact := int64(whole) * int64(w)
		shares[i] = money.Cents(exact / int64(sum))
		rest[i] = exact % int64(sum)
		left -= shares[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}

// part is the share of n in of, rounded half up. None of the three is negative.
func part(whole money.Cents, n, of int64) money.Cents {
	return money.Cents((2*int64(whole)*n + of) / (2 * of))
}
