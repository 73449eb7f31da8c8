package billing

import (
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
)

func TestAllowanceWarning(t *testing.T) {
	k := contract.Contract{ID: "c-1", Client: "c", Start: calendar.NewDate(2026, 9, 15),
		Offer: contract.Offer{Included: 1200, Counts: []contract.Work{contract.Training}}}
	day := calendar.NewDate(2026, 9, 30)
	for _, c := range []struct {
		used calendar.Minutes
		want string
	}{
		{899, ""},
		{900, "Vous avez utilisé 15 h de vos 20 h d'accompagnement de l'année : il vous reste 5 h jusqu'au 14 septembre 2027. Au rythme actuel, elles seront épuisées vers le 6 octobre 2026 ; au-delà, chaque heure est facturée. Parlons-en avant."},
		{1200, "Vos 20 h d'accompagnement de l'année sont épuisées depuis le 16 septembre 2026. Jusqu'au 14 septembre 2027, chaque heure de plus est facturée."},
		{1230, "Vos 20 h d'accompagnement de l'année sont épuisées depuis le 16 septembre 2026, et dépassées de 30 min. Jusqu'au 14 septembre 2027, chaque heure est facturée."},
	} {
		got := AllowanceWarning(support.ForecastOn(k, day, []support.Entry{{Date: calendar.NewDate(2026, 9, 16), Minutes: c.used, Kind: contract.Training}}))
		if got = strings.ReplaceAll(got, "\u00a0", " "); got != c.want {
			t.Errorf("%s used:\n got %s\nwant %s", c.used, got, c.want)
		}
	}
}
