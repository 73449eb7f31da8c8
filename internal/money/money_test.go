package money

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestRound(t *testing.T) {
	for _, test := range []struct {
		a, b int64
		want Cents
	}{{5, 2, 3}, {-5, 2, -3}, {49, 100, 0}, {1, 2, 1}, {-1, 2, -1}, {2868387, 100, 28684}, {0, 1, 0}, {7, 1, 7}} {
		if got := Round(big.NewRat(test.a, test.b)); got != test.want {
			t.Errorf("%d/%d rounds to %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// TestRoundIsNear: at most half a cent off, away from zero at the half, and odd.
func TestRoundIsNear(t *testing.T) {
	half := big.NewRat(1, 2)
	rapid.Check(t, func(t *rapid.T) {
		x := big.NewRat(rapid.Int64Range(-1e12, 1e12).Draw(t, "a"), rapid.Int64Range(1, 1e6).Draw(t, "b"))
		got := Round(x)
		off := new(big.Rat).Sub(got.Rat(), x)
		if far := new(big.Rat).Abs(off); far.Cmp(half) > 0 || (far.Cmp(half) == 0 && off.Sign() != x.Sign()) {
			t.Fatalf("%s rounds to %d", x.FloatString(4), got)
		}
		if Round(new(big.Rat).Neg(x)) != -got {
			t.Fatalf("%s and its negative round differently", x.FloatString(4))
		}
	})
}

func TestWords(t *testing.T) {
	for c, want := range map[Cents][4]string{
		0:        {"0.00", "0.00 EUR", "0,00\u00a0€", "€0.00"},
		5:        {"0.05", "0.05 EUR", "0,05\u00a0€", "€0.05"},
		-1234:    {"-12.34", "-12.34 EUR", "-12,34\u00a0€", "-€12.34"},
		123456:   {"1234.56", "1234.56 EUR", "1\u00a0234,56\u00a0€", "€1,234.56"},
		99999900: {"999999.00", "999999.00 EUR", "999\u00a0999,00\u00a0€", "€999,999.00"},
	} {
		if got := [4]string{c.Decimal(), c.String(), c.French(), c.English()}; got != want {
			t.Errorf("%d cents are %q, want %q", int64(c), got, want)
		}
	}
	for p, want := range map[UnitPrice]string{20_800000: "20.80", 23_903226: "23.903226", 60_000000: "60.00", -1_500000: "-1.50", 100: "0.0001"} {
		if p.Decimal() != want {
			t.Errorf("price %d is %s, want %s", int64(p), p.Decimal(), want)
		}
	}
	if p, r := UnitPrice(-1_234_500000).English(), Rate(550).English(); p != "-€1,234.50" || r != "5.5%" {
		t.Errorf("a price is %s and a rate %s in English", p, r)
	}
	for r, want := range map[Rate]string{2000: "20\u00a0%", 550: "5,5\u00a0%", 0: "0\u00a0%", 1000: "10\u00a0%"} {
		if r.French() != want {
			t.Errorf("rate %d is %s, want %s", int64(r), r.French(), want)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]Cents{"39": 3900, "39.5": 3950, "39,50": 3950, "0.05": 5, "1000000": 100000000} {
		if got, err := ParseCents(in); err != nil || got != want {
			t.Errorf("ParseCents(%s) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-1", "1.005", "1 000", "1e3", "39.", ".5", "€", "12345678901", "1.2.3", "+5"} {
		if got, err := ParseCents(in); err == nil {
			t.Errorf("ParseCents(%q) = %d, want it refused", in, got)
		}
	}
	for in, want := range map[string]Rate{"20": 2000, "5.5": 550, "20 %": 2000, "100": 10000} {
		if got, err := ParseRate(in); err != nil || got != want {
			t.Errorf("ParseRate(%s) = %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"100.01", "-1", "vingt"} {
		if _, err := ParseRate(in); err == nil {
			t.Errorf("ParseRate(%q) was not refused", in)
		}
	}
}

func FuzzParseCents(f *testing.F) {
	f.Add("39.00")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseRate(s); err == nil && (r < 0 || r > 100_00) {
			t.Errorf("%q is the rate %d", s, r)
		}
		c, err := ParseCents(s)
		if err != nil {
			return
		}
		if again, err := ParseCents(c.Decimal()); err != nil || again != c || c < 0 {
			t.Errorf("%q is %d cents, written %s, read %d, %v", s, int64(c), c.Decimal(), int64(again), err)
		}
	})
}
