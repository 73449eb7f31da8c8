package support

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// Row is a line of an import.
type Row struct {
	Line    int // of the file, from 1
	Booking Booking
	Shared  Shared // zero: the work was for this client alone
}

// Shared ties the rows of a session together that several clients shared. A row's
// minutes are its client's part already.
type Shared struct {
	Session string           // the same in each row of the session
	Seats   int              // this client's
	Of      int              // all seats
	Minutes calendar.Minutes // of the whole session
}

// BadRow is a line that cannot be booked, and why.
type BadRow struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// mostTold is how many bad rows a message names.
const mostTold = 100

// BadRows are all that is wrong with an import; nothing of it was booked.
type BadRows struct {
	Name string
	Of   int // rows in the file
	Rows []BadRow
}

func (e *BadRows) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d rows cannot be booked, so none was", e.Name, len(e.Rows), e.Of)
	for i, r := range e.Rows {
		if i == mostTold {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Rows)-mostTold)
			break
		}
		fmt.Fprintf(&b, "\n  line %d: %s", r.Line, r.Why)
	}
	return b.String()
}
