package watch

import (
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/support"
)

// grace is how long after a month's end it may stay open without a word: the
// schedule, or whoever does the books, has the first morning for it.
const grace = 12 * time.Hour

// Months tells since when months have ended and are not invoiced.
func Months(bills *billing.Service) Source {
	return func() ([]Condition, error) {
		last := bills.Today().MonthOf().Add(-1)
		open, err := bills.Pending(last)
		if err != nil {
			return nil, err
		}
		if len(open) == 0 {
			return nil, nil
		}
		first := open[0]
		ended := first.Add(1).First().Midnight(bills.Zone)
		if bills.Clock.Now().Sub(ended) < grace {
			return nil, nil
		}
		c := Condition{Warning, "month/" + first.String(), "the month has ended and is not invoiced", "accolade month finalise " + first.String(), ended}
		if later := len(open) - 1; later > 0 {
			c.What += fmt.Sprintf(", nor are %d after it", later)
		}
		if missing := bills.Seller.Missing(); len(missing) > 0 {
			c.What += "; the configuration lacks " + strings.Join(missing, ", ")
			c.Fix = "set these keys, restart accoladed, then: " + c.Fix
		}
		return []Condition{c}, nil
	}
}

// Timers tells which timers somebody has forgotten.
func Timers(ledger *support.Ledger, clk clock.Clock) Source {
	return func() ([]Condition, error) {
		running, err := ledger.Timers()
		if err != nil {
			return nil, err
		}
		var all []Condition
		for _, t := range running {
			if ran := clk.Now().Sub(t.Started); ran > support.Forgotten {
				all = append(all, Condition{Warning, "timer/" + t.Who, fmt.Sprintf("the timer of %s for %s runs for %s", t.Who, t.Client, calendar.Minutes(ran/time.Minute)),
					fmt.Sprintf("accolade hours stop --technician %s --minutes TIME, or --discard", t.Who), t.Started})
			}
		}
		return all, nil
	}
}

// newsDays is how long an allowance that reached a threshold stands in the table.
const newsDays = 14

// Allowances tells which allowances have reached a threshold lately. They stand for
// two weeks from the morning on which it was noticed: long enough to call the client,
// and not for the rest of the contract year.
func Allowances(ledger *support.Ledger, clk clock.Clock) Source {
	return func() ([]Condition, error) {
		told, err := ledger.Warnings(clk.Now().Add(-newsDays * 24 * time.Hour))
		if err != nil {
			return nil, err
		}
		var all []Condition
		for _, w := range told {
			all = append(all, Condition{Warning, "allowance/" + w.Client, w.String(), "tell the client; then accolade hours forecast --client " + w.Client, w.At})
		}
		return all, nil
	}
}

// Mails tells which mails wait for a human, and whether those that are queued cannot go.
func Mails(queue *mail.Queue) Source {
	return func() ([]Condition, error) {
		var all []Condition
		for _, state := range mail.States {
			if !state.Waits() && state != mail.Queued {
				continue
			}
			list, err := queue.List(mail.Filter{State: state})
			if err != nil {
				return nil, err
			}
			for _, m := range list {
				if state == mail.Queued && (m.Since.IsZero() || queue.Clock.Now().Sub(m.Since) < stuck) {
					continue
				}
				all = append(all, Condition{Warning, "mail/" + m.ID, fmt.Sprintf("%s to %s is %s: %s", m.Key, m.To, m.State, m.Why), "accolade mail show " + m.ID, m.History[len(m.History)-1].At})
			}
		}
		return all, nil
	}
}

// stuck is for how long a mail may be tried before people are told.
const stuck = 4 * time.Hour
