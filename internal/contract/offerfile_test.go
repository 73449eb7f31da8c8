package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestShippedOffers(t *testing.T) {
	offers, err := ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"classic": "overage", "island": "overage", "solo": "setup,hour"} {
		if got := strings.Join(offers[name].Missing(), ","); got != want {
			t.Errorf("%s misses %q, want %q: nobody has told these prices", name, got, want)
		}
	}
	c := offers["classic"]
	if c.Price != PriceOf(3900) || c.TermMonths != 12 || c.Included != 1200 || !c.CountsWork(Assistance) || c.CountsWork(Travel) {
		t.Errorf("classic = %+v, want 39 EUR, 12 months, 1200 minutes", c)
	}
}

func TestOwnOffersFile(t *testing.T) {
	for _, test := range []struct{ name, yaml, want string }{
		{"keys that differ", "offers:\n  classic:\n    overage: 60\n", ""},
		{"unknown key", "offers:\n  classic:\n    overrage: 60\n", `FILE:3:5: unknown field "overrage"`},
		{"bad price", "offers:\n  classic:\n    overage: 60.005\n", `FILE:3:14: amount "60.005": want euros such as 39 or 39.50, or the word required`},
		{"list for a value", "offers:\n  classic:\n    overage: [60]\n", `FILE:3:14: want a single value`},
		{"unknown work", "offers:\n  classic:\n    counts: [travel, tea]\n", `FILE:3:22: offer classic: counts tea is refused`},
		{"no unit", "offers:\n  mine:\n    version: 1\n    title: x\n", `FILE: offer mine: unit is missing`},
		{"wrong name for the hour", "offers:\n  solo:\n    overage: 50\n", `FILE:3:14: an offer with 0min included calls this price hour`},
		{"not yaml", "offers: [\n", `FILE:1:9: `},
		{"travel rule", "offers:\n  classic:\n    travel: bus\n", `FILE:3:13: offer classic: travel bus is refused: want none, trip or mode`},
		{"trip without a rule", "offers:\n  classic:\n    trip: 15\n", `FILE:3:11: offer classic: trip 15.00 EUR is refused: the travel rule none has no such price`},
		{"rule without a price", "offers:\n  classic:\n    travel: trip\n", `FILE: offer classic: trip is missing: travel is billed by the rule trip`},
		{"half of the modes", "offers:\n  classic:\n    travel: mode\n    trip_bike: 0\n", `FILE: offer classic: trip_truck is missing`},
		{"price of another rule", "offers:\n  classic:\n    travel: trip\n    trip: 15\n    trip_bike: 5\n", `FILE:5:16: offer classic: trip_bike 5.00 EUR is refused: the travel rule trip has no such price`},
		{"travel twice", "offers:\n  classic:\n    counts: [travel]\n    travel: trip\n    trip: 15\n", `FILE:4:13: offer classic: travel trip is refused: travel counts as hours already`},
		{"below zero", "offers:\n  classic:\n    travel: trip\n    trip: -5\n", `FILE:4:11: `},
		{"bad term", "offers:\n  classic:\n    term_months: 1y\n", `FILE:3:18: "1y": want a whole number`},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "offers.yaml")
			if err := os.WriteFile(file, []byte(test.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			offers, err := ReadOffers(file)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := offers["classic"]; got.Hour != PriceOf(6000) || got.Price != PriceOf(3900) || got.Source != file {
					t.Errorf("classic = %+v, want the shipped one with an overage of 60 EUR", got)
				}
				return
			}
			if want := strings.ReplaceAll(test.want, "FILE", file); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %q, want it to begin with %q", err, want)
			}
		})
	}
}
