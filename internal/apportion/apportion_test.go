package apportion_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/apportion"
	"codeberg.org/accolade/accolade/internal/money"
)

// TestSplit: nothing is lost, and no share is a whole unit away from the exact one.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := money.Cents(rapid.Int64Range(0, 1_000_000_00).Draw(t, "whole"))
		weights := rapid.SliceOfN(rapid.IntRange(0, 10_000), 1, 12).Draw(t, "weights")
		var sum money.Cents
		total := 0
		for _, w := range weights {
			total += w
		}
		for i, share := range apportion.Split(whole, weights) {
			sum += share
			if total == 0 {
				continue
			}
			exact := new(big.Rat).Mul(whole.Rat(), big.NewRat(int64(weights[i]), int64(total)))
			if diff := new(big.Rat).Sub(share.Rat(), exact); diff.Abs(diff).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("%d of weight %d of %d is %s: a cent or more off %s", share, weights[i], total, share, exact.FloatString(4))
			}
		}
		if total > 0 && sum != whole {
			t.Fatalf("the shares of %s by %v come to %s", whole, weights, sum)
		}
	})
}
