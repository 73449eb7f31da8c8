package margin

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Settings are Rates as they are written in the configuration, under costs. Empty is
// what nobody has told: there are no defaults.
type Settings struct {
	Hour, TravelHour, VaultGB, Relay, Spare, Life, Upkeep string
}

// NotTold says which settings lack a value.
type NotTold struct{ Keys []string }

func (n *NotTold) Error() string {
	verb := "is"
	if len(n.Keys) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("%s %s not set, and nobody but you knows what things cost", strings.Join(n.Keys, ", "), verb)
}

// Rates reads the settings, all of them or none.
func (s Settings) Rates() (Rates, error) {
	var r Rates
	var missing []string
	for _, set := range []struct {
		key, text string
		into      func(string) error
	}{
		{"hour", s.Hour, into(&r.Hour, ParseEuros)},
		{"travel_hour", s.TravelHour, into(&r.TravelHour, ParseEuros)},
		{"vault_gb", s.VaultGB, into(&r.VaultGB, ParsePrice)},
		{"relay", s.Relay, into(&r.Relay, ParseEuros)},
		{"spare", s.Spare, into(&r.Spare, money.ParseRate)},
		{"life", s.Life, into(&r.Life, ParseLife)},
		{"upkeep", s.Upkeep, into(&r.Upkeep, ParseUpkeep)},
	} {
		if set.text == "" {
			missing = append(missing, "costs."+set.key)
			continue
		}
		if err := set.into(set.text); err != nil {
			return Rates{}, fmt.Errorf("costs.%s: %w", set.key, err)
		}
	}
	if missing != nil {
		return Rates{}, &NotTold{missing}
	}
	return r, nil
}

func into[T any](field *T, parse func(string) (T, error)) func(string) error {
	return func(text string) (err error) {
		*field, err = parse(text)
		return err
	}
}

// ParseEuros reads an amount that is a cost by the hour or month.
func ParseEuros(s string) (money.Cents, error) {
	c, err := money.ParseCents(s)
	if err == nil && c > 10_000_00 {
		err = fmt.Errorf("amount %q: want at most 10000", s)
	}
	return c, err
}

var priceForm = regexp.MustCompile(`^\d{1,4}(\.\d{1,6})?$`)

// ParsePrice reads euros with up to six decimals: a gigabyte costs less than a cent.
func ParsePrice(s string) (money.UnitPrice, error) {
	plain := strings.Replace(s, ",", ".", 1)
	exact, ok := new(big.Rat), priceForm.MatchString(plain) // before a Rat of it is made: 1e999999999 is one too
	if ok {
		exact, ok = exact.SetString(plain)
	}
	if !ok {
		return 0, fmt.Errorf("price %q: want euros with at most six decimals, such as 0.008", s)
	}
	return money.PriceOf(exact.Mul(exact, big.NewRat(100, 1))), nil
}

// ParseLife reads the months that a machine lasts.
func ParseLife(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 240 {
		return 0, fmt.Errorf("%q: want months, 1 to 240", s)
	}
	return n, nil
}

// ParseUpkeep reads minutes of work.
func ParseUpkeep(s string) (calendar.Minutes, error) {
	m, err := calendar.ParseMinutes(s)
	if err == nil && m > 100*60 {
		err = fmt.Errorf("duration %q: want at most 100h a month", s)
	}
	return m, err
}
