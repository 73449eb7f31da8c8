package billing

import (
	"fmt"
	"time"
)

// Whoever gets no answer asks again: the line broke, the terminal was closed. What makes
// money therefore looks, in its own transaction, whether the very same was made lately, and
// then says so instead of making it twice; a second one that is right says --again. A
// request whose second time finds nothing left to do (an order of debits, a mandate, a whole
// credit note, a replacement, an undoing) is refused for that reason.

// lately is how long the same counts as asked again. A day: the evening's request is
// repeated in the morning.
const lately = 24 * time.Hour

// same is what was made before with the same content.
type same struct {
	what string // "the deposit invoice FA2026-0001 over 600.00 EUR"
	at   time.Time
	by   string
}

// twice refuses what was made lately.
func (s *Service) twice(was same) error {
	ago := s.Clock.Now().Sub(was.at)
	if ago >= lately {
		return nil
	}
	return refused("if a second one is right, add --again", "%s says the same, and was made by %s %s ago", was.what, was.by, roughly(ago))
}

// roughly is a time that has passed, in words.
func roughly(d time.Duration) string {
	switch m := int(d / time.Minute); {
	case m < 1:
		return "less than a minute"
	case m == 1:
		return "a minute"
	case m < 120:
		return fmt.Sprintf("%d minutes", m)
	default:
		return fmt.Sprintf("%d hours", m/60)
	}
}
