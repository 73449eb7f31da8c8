package late

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

func rates(t testing.TB, s string) Rates {
	t.Helper()
	r, err := ParseRates(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestInterest: 1 000 EUR at 12 % for 30 days are 1000 x 0.12 x 30 / 365 = 9.86.
func TestInterest(t *testing.T) {
	due := calendar.NewDate(2026, 10, 31)
	for name, tc := range map[string]struct {
		rates string
		last  calendar.Date
		paid  []Payment
		want  money.Cents
	}{
		"on the due day":     {"2026-01-01 12", due, nil, 0},
		"thirty days":        {"2026-01-01 12", due.AddDays(30), nil, 9_86},
		"a year":             {"2026-01-01 12", due.AddDays(365), nil, 120_00},
		"half of it paid":    {"2026-01-01 12", due.AddDays(30), []Payment{{due.AddDays(10), 500_00}}, 6_58}, // 1000 for 10 days, 500 for 20
		"paid in time":       {"2026-01-01 12", due.AddDays(30), []Payment{{due, 1000_00}}, 0},
		"paid the day after": {"2026-01-01 12", due.AddDays(30), []Payment{{due.AddDays(1), 1000_00}}, 33},
		"two rates":          {"2026-01-01 12, 2027-01-01 14.60", calendar.NewDate(2027, 1, 10), nil, 24_05}, // 61 days at 12 %, 10 at 14.6 %
	} {
		got, err := Interest(1000_00, due, tc.last, tc.paid, rates(t, tc.rates))
		if err != nil || got != tc.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, tc.want)
		}
	}
	if _, err := Interest(1, due, due.AddDays(1), nil, rates(t, "2027-01-01 12")); err == nil || err.Error() != "no rate of late interest is known for 2026-11-01" {
		t.Errorf("without a rate: %v", err)
	}
}

// TestInterestByDays adds up day by day, the long way.
func TestInterestByDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		due := calendar.NewDate(2026, 1, 1).AddDays(rapid.IntRange(0, 400).Draw(t, "due"))
		last := due.AddDays(rapid.IntRange(-5, 500).Draw(t, "late"))
		total := money.Cents(rapid.Int64Range(0, 1_000_000).Draw(t, "total"))
		r := Rates{{calendar.NewDate(2026, 1, 1), money.Rate(rapid.Int64Range(0, 3000).Draw(t, "rate"))}}
		for i := range rapid.IntRange(0, 3).Draw(t, "changes") {
			r = append(r, Rate{r[i].From.AddDays(rapid.IntRange(1, 200).Draw(t, "after")), money.Rate(rapid.Int64Range(0, 3000).Draw(t, "rate"))})
		}
		var paid []Payment
		for range rapid.IntRange(0, 4).Draw(t, "payments") {
			paid = append(paid, Payment{due.AddDays(rapid.IntRange(-20, 400).Draw(t, "on")), money.Cents(rapid.Int64Range(1, 400_000).Draw(t, "amount"))})
		}
		exact := new(big.Rat)
		for d := due.AddDays(1); !d.After(last); d = d.AddDays(1) {
			left := total
			for _, p := range paid {
				if p.On.Before(d) {
					left -= p.Amount
				}
			}
			rate, _ := r.On(d)
			if left > 0 {
				exact.Add(exact, new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(int64(left)), big.NewInt(int64(rate))), big.NewInt(365*10_000)))
			}
		}
		if got, err := Interest(total, due, last, paid, r); err != nil || got != money.Round(exact) {
			t.Fatalf("%s, %v; day by day %s", got, err, money.Round(exact))
		}
	})
}

func TestParseRates(t *testing.T) {
	if r := rates(t, " 2026-01-01 12.15 % , 2026-07-01 12,"); len(r) != 2 || r[0].Yearly != 1215 || r[1].Yearly != 1200 {
		t.Errorf("rates %v", r)
	}
	if r := rates(t, ""); len(r) != 0 {
		t.Errorf("no rates: %v", r)
	}
	for in, want := range map[string]string{
		"12":                           "want a day and a yearly percentage",
		"2026-13-01 12":                "there is no month 13",
		"2026-01-01 x":                 "x",
		"2026-07-01 12, 2026-01-01 12": "2026-01-01 comes after 2026-07-01: want the rates in the order of their days",
		"2026-07-01 12, 2026-07-01 12": "in the order of their days",
	} {
		if _, err := ParseRates(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseRates(%q): %v, want %q", in, err, want)
		}
	}
}

func FuzzParseRates(f *testing.F) {
	f.Add("2026-01-01 12.15, 2026-07-01 12")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRates(s)
		for i := 1; err == nil && i < len(r); i++ {
			if !r[i-1].From.Before(r[i].From) {
				t.Errorf("%q gives %v", s, r)
			}
		}
	})
}
