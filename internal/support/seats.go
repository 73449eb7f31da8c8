package support

import (
	"cmp"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// bySeats splits a session's minutes by seats, to the minute and without loss: each
// gets the whole minutes of its share, and what is left goes one by one to the
// largest remainders; of equal ones, to the first named.
func bySeats(minutes calendar.Minutes, seats []int) []calendar.Minutes {
	all := 0
	for _, s := range seats {
		all += s
	}
	shares := make([]calendar.Minutes, len(seats))
	if all == 0 {
		return shares
	}
	order := make([]int, len(seats))
	left := int64(minutes)
	rest := make([]int64, len(seats))
	for i, s := range seats {
		order[i] = i
		exact := int64(minutes) * int64(s)
		shares[i] = calendar.Minutes(exact / int64(all))
		rest[i] = exact % int64(all)
		left -= int64(shares[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}
