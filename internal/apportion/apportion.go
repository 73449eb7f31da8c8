// Package apportion shares a whole by weights without losing a unit of it. It knows
// neither money nor minutes, only that they are counted in whole units.
package apportion

import (
	"cmp"
	"slices"
)

// Split gives each its share rounded down, and what is left one by one to the largest
// remainders; of equal ones, to the first. The shares come to the whole; without any
// weight they are all zero. Neither the whole nor a weight is negative.
func Split[T ~int64](whole T, weights []int) []T {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	shares := make([]T, len(weights))
	if sum == 0 {
		return shares
	}
	left, rest := whole, make([]int64, len(weights))
	order := make([]int, len(weights))
	for i, w := range weights {
		exact := int64(whole) * int64(w)
		shares[i] = T(exact / int64(sum))
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
