package controller

import (
	"context"
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/mailing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/report"
)

// buildReports makes the margins of contracts, and the letters to clients.
func (c *Controller) buildReports() error {
	c.services.Reports = report.New(report.Parts{
		DB: c.db, Clock: c.clock, Zone: c.conf.Zone(), Book: c.services.Book, Ledger: c.services.Ledger, Bills: c.services.Bills,
		Fleet: c.services.Fleet, Costs: c.conf.Costs, Space: c.vaultSpace,
		Texts:   c.texts(),
		Records: records{c.services.Fleet, c.services.Book, c.services.Backups, c.engine, c.conf.Zone()},
	})
	c.services.Mailing.Extras = append(c.services.Mailing.Extras, c.monthLetter)
	reminder := &report.Reminder{Reports: c.services.Reports, Log: c.log}
	if mailer := c.mailer(); mailer.Enabled() {
		reminder.Mailer = mailer
	}
	return c.scheduler.Add(reminder.Entry())
}

// monthLetter goes with the mail of a month's invoice. A client whose contract did not
// run in that month, such as one who is billed late hours after his end, has none.
func (c *Controller) monthLetter(_ context.Context, inv billing.Invoice) (mailing.Addition, error) {
	if inv.Type != billing.Regular {
		return mailing.Addition{}, nil
	}
	l, err := c.services.Reports.Monthly(inv.Client.ID, inv.Month)
	if _, none := errors.AsType[*operation.Refused](err); none {
		return mailing.Addition{}, nil
	}
	if err != nil {
		return mailing.Addition{}, fmt.Errorf("letter about %s: %w", inv.Month, err)
	}
	return mailing.Addition{
		Text:        l.Announcement(inv.Language),
		Attachments: []mail.Attachment{{Name: l.Name + ".pdf", Type: "application/pdf", Content: l.PDF}},
		HTML: func(text string) (string, error) {
			body, err := l.Mail(text)
			return string(body), err
		},
	}, nil
}

// vaultSpace is what the last remote backups of a box's servers in each month take:
// the sizes that the vault lists for them.
func (c *Controller) vaultSpace(box string) (map[calendar.Month]int64, error) {
	servers, err := c.services.Fleet.ServersOn(box)
	if err != nil {
		return nil, err
	}
	var each []map[calendar.Month]int64 // by server
	months := map[calendar.Month]bool{}
	for _, server := range servers {
		runs, err := c.services.Backups.Runs(server.Name)
		if err != nil {
			return nil, err
		}
		last := map[calendar.Month]int64{}
		for _, r := range runs { // the newest first
			m := calendar.Of(r.At, c.conf.Zone()).MonthOf()
			if _, known := last[m]; !known && r.Kind == backup.Remote && r.Counts() {
				last[m], months[m] = r.Size, true
			}
		}
		each = append(each, last)
	}
	space := map[calendar.Month]int64{}
	for m := range months {
		for _, last := range each {
			space[m] += latest(last, m)
		}
	}
	return space, nil
}

// latest is the size of the latest month that is not after one.
func latest(sizes map[calendar.Month]int64, m calendar.Month) (size int64) {
	var known calendar.Month
	for k, n := range sizes {
		if !k.After(m) && !k.Before(known) {
			known, size = k, n
		}
	}
	return size
}
