package billing

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/support"
)

// AllowanceWarning is what the client's letter says when his hours near their end, in
// French: before they cost money. It is empty below the first threshold.
func AllowanceWarning(f support.Forecast) string {
	included := HoursWords(f.Included)
	switch {
	case f.Reached == 0:
		return ""
	case f.Over > 0:
		return fmt.Sprintf("Vos %s d'accompagnement de l'année sont épuisées depuis le %s, et dépassées de %s. Jusqu'au %s, chaque heure est facturée.",
			included, DateText(f.RunsOut), HoursWords(f.Over), DateText(f.Last))
	case f.Left == 0:
		return fmt.Sprintf("Vos %s d'accompagnement de l'année sont épuisées depuis le %s. Jusqu'au %s, chaque heure de plus est facturée.",
			included, DateText(f.RunsOut), DateText(f.Last))
	}
	words := fmt.Sprintf("Vous avez utilisé %s de vos %s d'accompagnement de l'année\u00a0: il vous reste %s jusqu'au %s.",
		HoursWords(f.Used), included, HoursWords(f.Left), DateText(f.Last))
	if !f.RunsOut.IsZero() {
		words += fmt.Sprintf(" Au rythme actuel, elles seront épuisées vers le %s\u00a0; au-delà, chaque heure est facturée. Parlons-en avant.", DateText(f.RunsOut))
	}
	return words
}
