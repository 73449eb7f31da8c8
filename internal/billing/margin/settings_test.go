package margin

import (
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	all := Settings{Hour: "35", TravelHour: "45,00", VaultGB: "0.02", Relay: "1.50", Spare: "20", Life: "96", Upkeep: "30min"}
	if r, err := all.Rates(); err != nil || r != rates {
		t.Errorf("%+v gives %+v, %v; want %+v", all, r, err, rates)
	}
	for want, edit := range map[string]func(*Settings){
		"costs.hour, costs.life are not set": func(s *Settings) { s.Hour, s.Life = "", "" },
		"costs.upkeep is not set":            func(s *Settings) { s.Upkeep = "" },
		`costs.hour: amount "x"`:             func(s *Settings) { s.Hour = "x" },
		"costs.travel_hour: amount":          func(s *Settings) { s.TravelHour = "10001" },
		`costs.vault_gb: price "1e3"`:        func(s *Settings) { s.VaultGB = "1e3" },
		"costs.spare: rate":                  func(s *Settings) { s.Spare = "101" },
		"costs.life: ":                       func(s *Settings) { s.Life = "0" },
		"costs.upkeep: duration":             func(s *Settings) { s.Upkeep = "101h" },
	} {
		s := all
		edit(&s)
		if _, err := s.Rates(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", s, err, want)
		}
	}
}
