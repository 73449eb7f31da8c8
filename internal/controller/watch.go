package controller

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/watch"
)

// buildWatch names the sources of the table of the morning. Backups come first: a
// night without one is what must not be overlooked.
func (c *Controller) buildWatch() error {
	c.services.Watch = []watch.Named{
		{Name: "backups", Tell: missedBackups(c.services.Backups)},
		{Name: "boxes", Tell: watch.Boxes(c.services.Fleet, c.clock)},
		{Name: "operations", Tell: watch.Operations(c.engine, c.clock)},
		{Name: "schedule", Tell: watch.Schedule(c.scheduler.List)},
		{Name: "months", Tell: watch.Months(c.services.Bills)},
		{Name: "mails", Tell: watch.Mails(c.services.Mails)},
		{Name: "contracts", Tell: watch.Contracts(c.services.Book)},
		{Name: "headcounts", Tell: watch.Headcounts(c.services.Book)},
		{Name: "timers", Tell: watch.Timers(c.services.Ledger, c.clock)},
		{Name: "allowances", Tell: watch.Allowances(c.services.Ledger, c.clock)},
	}
	return nil
}

// missedBackups tells the servers that had no remote backup in the last night.
func missedBackups(backups *backup.Service) watch.Source {
	return func() ([]watch.Condition, error) {
		missed, err := backups.Missing()
		var all []watch.Condition
		for _, m := range missed {
			last := "never"
			if !m.Last.IsZero() {
				last = m.Last.Format("2006-01-02 15:04") + " UTC"
			}
			all = append(all, watch.Condition{Level: watch.Critical, Of: "server/" + m.Server, Since: m.Since,
				What: fmt.Sprintf("no remote backup of the night in vault %s (last: %s): %s", m.Vault, last, m.Why),
				Fix:  "look at vault " + m.Vault + " and the line there; then accolade backup run " + m.Server})
		}
		return all, err
	}
}
