package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/money"
)

// account is a key of an account: its number and its name.
func account(name string, field func(*Config) *books.Account, def, doc string, parse func(string) (books.Account, error)) Key {
	return Key{Name: name, Doc: doc, Allowed: "a number and a name", Default: def, kind: aText,
		get: func(c *Config) string { return field(c).String() },
		set: func(c *Config, v string) error {
			a, err := parse(v)
			if err == nil {
				*field(c) = a
			}
			return err
		}}
}

// rates is a key of accounts by VAT rate, one a line.
func rates(name string, field func(*Config) *map[money.Rate]books.Account, doc string) Key {
	return Key{Name: name, Doc: doc, Allowed: "lines such as: 20 % = 445712 TVA collectée 20 %", kind: aList,
		get: func(c *Config) string {
			var all []string
			for _, r := range slices.Sorted(maps.Keys(*field(c))) {
				all = append(all, fmt.Sprintf("%s %% = %s", r.Decimal(), (*field(c))[r]))
			}
			return strings.Join(all, "|")
		},
		set: func(c *Config, v string) error {
			all := map[money.Rate]books.Account{}
			for line := range strings.SplitSeq(v, "|") {
				if strings.TrimSpace(line) == "" {
					continue
				}
				rate, text, ok := strings.Cut(line, "=")
				if !ok {
					return fmt.Errorf("%q has no =", strings.TrimSpace(line))
				}
				r, err := money.ParseRate(rate)
				if err != nil {
					return err
				}
				if _, twice := all[r]; twice {
					return fmt.Errorf("the rate %s %% stands there twice", r.Decimal())
				}
				if all[r], err = books.ParseAccount(text); err != nil {
					return err
				}
			}
			*field(c) = all
			return nil
		}}
}
