package watch

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/contract"
)

// Contracts reminds of terms that end, from each of contract.ReminderDays on: a client
// who is not talked with runs on at an old price, or leaves. A contract that is ended,
// or renewed, is no matter any more; nor is one whose term ended long ago, which runs on.
func Contracts(book *contract.Book) Source {
	return func() ([]Condition, error) {
		all, err := book.Contracts()
		if err != nil {
			return nil, err
		}
		today := book.Today()
		var found []Condition
		for _, k := range all {
			reminder, due := k.TermReminder(today)
			if !due {
				continue
			}
			end := k.TermEnd()
			found = append(found, Condition{Level: Warning, Of: "contract/" + k.ID,
				What:  fmt.Sprintf("the term ends on %s, in %d days (reminder at %d days)", end, today.DaysUntil(end), reminder),
				Fix:   fmt.Sprintf("talk with %s (accolade letter renewal %s), then: accolade contract renew %s, or accolade contract end %s --on %s", k.Client, k.Client, k.Client, k.Client, end),
				Since: end.AddDays(-reminder).Midnight(book.Zone())})
		}
		return found, nil
	}
}
