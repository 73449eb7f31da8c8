package support

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// rhythmDays is how far back a rhythm looks: three months even out a week of
// training, and follow a client whose needs change.
const rhythmDays = 90

// Forecast says when the allowance of a contract year runs out if work goes on in
// the rhythm of the last rhythmDays, or of the contract year where it is younger.
type Forecast struct {
	Balance
	On    calendar.Date    `json:"on"`    // the last day that was looked at
	Since calendar.Date    `json:"since"` // the first day of the rhythm
	Days  int              `json:"days"`  // from Since to On, both included
	Done  calendar.Minutes `json:"done"`  // of the kinds that count, in these days
	Last  calendar.Date    `json:"last"`  // of the contract year, or of the contract if it ends before
	// RunsOut is the day on which the last included minute is used: in the past if it
	// was, zero if the allowance lasts to the end.
	RunsOut calendar.Date `json:"runs_out,omitzero"`
	// Unused is what the rhythm leaves on the last day; 0 where it runs out.
	Unused  calendar.Minutes `json:"unused"`
	Reached int              `json:"reached"` // the highest of thresholds that is reached, in per cent; 0: none
	Words   string           `json:"words"`
}

// ForecastOn forecasts from all entries of a contract, as of a day on which it runs.
func ForecastOn(c contract.Contract, day calendar.Date, entries []Entry) Forecast {
	f := Forecast{Balance: balanceOn(c, day, entries), On: day}
	f.Last = f.Year.To
	if c.Ending != nil && c.Ending.On.Before(f.Last) {
		f.Last = c.Ending.On
	}
	f.Since = day.AddDays(1 - rhythmDays)
	if f.Since.Before(f.Year.From) {
		f.Since = f.Year.From
	}
	f.Days = f.Since.DaysUntil(day) + 1
	for _, e := range entries {
		if c.OfferOn(e.Date).CountsWork(e.Kind) && !e.Date.Before(f.Since) && !e.Date.After(day) {
			f.Done += e.Minutes
		}
	}
	for _, r := range reachedBy(c, day, entries) {
		f.Reached = r.Percent
		if r.Percent == 100 {
			f.RunsOut = r.On
		}
	}
	if f.RunsOut.IsZero() {
		f.Unused = f.Left
		if f.Done > 0 {
			f.ahead()
		}
	}
	f.Words = f.words()
	return f
}

// ahead goes on in the rhythm: Done minutes in Days days.
func (f *Forecast) ahead() {
	done, days := int64(f.Done), int64(f.Days)
	left, ahead := int64(f.Left), int64(f.On.DaysUntil(f.Last))
	if needs := (left*days + done - 1) / done; needs <= ahead {
		f.RunsOut, f.Unused = f.On.AddDays(int(needs)), 0
		return
	}
	f.Unused = calendar.Minutes(left - done*ahead/days)
}

// words say the forecast in a sentence.
func (f *Forecast) words() string {
	rhythm := fmt.Sprintf("on the rhythm of the last %d days (%s)", f.Days, f.Done)
	switch {
	case f.Reached == 100 && f.Over > 0:
		return fmt.Sprintf("used up on %s, and exceeded by %s since", f.RunsOut, f.Over)
	case f.Reached == 100:
		return fmt.Sprintf("used up on %s: each minute more costs money", f.RunsOut)
	case !f.RunsOut.IsZero():
		return fmt.Sprintf("%s left; %s it is used up on %s, %d days before the year ends", f.Left, rhythm, f.RunsOut, f.RunsOut.DaysUntil(f.Last))
	case f.Done <= 0:
		return fmt.Sprintf("%s left; nothing was done in the last %d days", f.Left, f.Days)
	}
	return fmt.Sprintf("%s left; %s it lasts: %s stay unused on %s", f.Left, rhythm, f.Unused, f.Last)
}

// Forecast forecasts the allowance of one client (by ID or name), or of every
// contract that runs and has one.
func (l *Ledger) Forecast(client string, on calendar.Date) ([]Forecast, error) {
	if client != "" {
		return l.forecastOf(client, on)
	}
	var all []Forecast
	err := l.running(on, func(c contract.Contract, booked []Entry) error {
		all = append(all, ForecastOn(c, on, booked))
		return nil
	})
	return all, err
}

func (l *Ledger) forecastOf(ref string, on calendar.Date) (one []Forecast, err error) {
	err = l.db.View(func(tx store.Tx) error {
		c, err := contract.ClientByRef(tx, ref)
		if err != nil {
			return err
		}
		k, runs, err := contract.ContractOn(tx, c.ID, on)
		switch {
		case err != nil:
			return err
		case !runs:
			return refused("", "%s has no contract on %s", c.Name, on)
		case k.OfferOn(on).Included == 0:
			return refused("", "the offer %s of %s includes no hours that could run out", k.OfferOn(on).Name, c.Name)
		}
		booked, err := EntriesOf(tx, k.ID)
		one = []Forecast{ForecastOn(k, on, booked)}
		return err
	})
	return one, err
}

// running goes through the contracts with an allowance that run on a day. Each
// contract's entries are read by themselves: a ledger of ten years is never in
// memory at once.
func (l *Ledger) running(on calendar.Date, each func(contract.Contract, []Entry) error) error {
	var all []contract.Contract
	err := l.db.View(func(tx store.Tx) (err error) {
		all, err = contract.AllContracts(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.OfferOn(on).Included == 0 || !k.Runs(on) {
			continue
		}
		var booked []Entry
		err := l.db.View(func(tx store.Tx) (err error) {
			booked, err = EntriesOf(tx, k.ID)
			return err
		})
		if err != nil {
			return err
		}
		if err := each(k, booked); err != nil {
			return err
		}
	}
	return nil
}
