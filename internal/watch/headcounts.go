package watch

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/contract"
)

// Headcounts tells of accounts on clients' servers that are more or fewer than what is
// billed, since the first day that the present count was seen. They stand there until a
// human has decided, or nothing differs any more.
func Headcounts(book *contract.Book) Source {
	return func() ([]Condition, error) {
		seen, err := book.Comparisons()
		if err != nil {
			return nil, err
		}
		var all []Condition
		for _, c := range seen {
			if c.Proposed == nil {
				continue
			}
			all = append(all, Condition{Warning, "contract/" + c.Contract, fmt.Sprintf("%d accounts on the server, %d billed (seen since %s)", c.Found, c.Billed, c.Proposed.From),
				fmt.Sprintf("accolade headcount show %s, then accolade headcount accept %s, or dismiss, or leave-out", c.Contract, c.Contract), c.Proposed.From.Midnight(book.Zone())})
		}
		return all, nil
	}
}
