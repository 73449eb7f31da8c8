package controller

import (
	"fmt"
	"path/filepath"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/agreement"
	"codeberg.org/accolade/accolade/internal/billing/dolibarr"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/billing/facturx"
	"codeberg.org/accolade/accolade/internal/billing/late"
	"codeberg.org/accolade/accolade/internal/billing/mailing"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/templates"
)

// buildMoney makes clients, offers and contracts, the hours ledger, and billing.
func (c *Controller) buildMoney() error {
	offers, err := contract.ReadOffers(c.conf.Offers)
	if err != nil {
		return fmt.Errorf("offers: %w", err)
	}
	var first calendar.Month
	if err := first.UnmarshalText([]byte(c.conf.Billing.FirstMonth)); err != nil {
		return fmt.Errorf("billing.first_month: %w", err)
	}
	lateRates, err := late.ParseRates(c.conf.Billing.LateRates)
	if err != nil {
		return fmt.Errorf("billing.late_rates: %w", err)
	}
	latePublic, err := late.ParseRates(c.conf.Billing.LatePublic)
	if err != nil {
		return fmt.Errorf("billing.late_rates_public: %w", err)
	}
	seller, err := c.conf.Letterhead()
	if err != nil {
		return err
	}
	zone := c.conf.Zone()
	c.services.Book = contract.NewBook(c.db, c.clock, zone, offers)
	c.services.Ledger = support.NewLedger(c.db, c.clock, zone)
	c.services.Bills = billing.New(billing.Options{
		DB: c.db, Clock: c.clock, Zone: zone, Seller: seller,
		Documents: filepath.Join(c.conf.State, documentsName), Render: facturx.Render, XML: facturx.XML, LateRates: lateRates, LatePublic: latePublic, Texts: c.texts(), From: first,
	})
	c.services.Settings = &settings{load: c.options.Reload, bills: c.services.Bills, origins: c.options.Origins}
	texts := c.texts()
	c.services.Quotes = &quote.Service{
		DB: c.db, Clock: c.clock, Zone: zone, Book: c.services.Book, Bills: c.services.Bills,
		Conditions: func(q quote.Quote) (string, error) { return paper.Conditions(q, texts) },
	}
	c.services.Agreements = &agreement.Service{
		DB: c.db, Clock: c.clock, Zone: zone, Bills: c.services.Bills,
		Articles: func(k contract.Contract, start calendar.Date, client billing.Buyer, seller billing.Seller) (string, error) {
			return paper.Articles(k, start, client, seller, texts)
		},
	}
	c.services.Exports = &export.Books{Ledger: c.services.Bills, SIREN: c.conf.Seller.SIREN, Accounts: c.conf.Accounts, Zone: zone}
	c.services.Dolibarr = &dolibarr.Service{Ledger: c.services.Bills, Validate: c.conf.Dolibarr.Invoices == "validated"}
	if c.conf.Dolibarr.URL != "" {
		c.services.Dolibarr.Dial = c.dialDolibarr
	}
	c.services.Mails = mail.New(mail.Options{DB: c.db, Clock: c.clock, Relay: c.relay(), Folder: filepath.Join(c.conf.State, documentsName), Log: c.log})
	c.services.Mailing = &mailing.Service{Bills: c.services.Bills, Book: c.services.Book, Queue: c.services.Mails, Texts: texts}
	if err := c.buildPlatform(); err != nil {
		return err
	}
	c.engine.Register(c.services.Dolibarr.Workflow())
	c.engine.Register(c.services.Bills.Workflow())
	c.engine.Register(c.services.Bills.CreditWorkflow())
	warner := &support.Warner{Ledger: c.services.Ledger, Log: c.log}
	if mailer := c.notifier(); mailer != nil {
		warner.Notifier = mailer
	}
	if err := c.scheduler.Add(warner.Entry()); err != nil {
		return err
	}
	return c.scheduler.Add(c.services.Bills.Monthly(c.conf.Billing.Schedule, c.conf.Timezone, c.conf.Billing.Finalise == "auto", c.engine, c.log))
}

// texts are the words of papers, letters and mails.
func (c *Controller) texts() templates.Texts { return templates.Texts{Folder: c.conf.Templates} }

// dialDolibarr reads the key anew, so that one that was changed is taken.
func (c *Controller) dialDolibarr() (*dolibarr.Client, error) {
	key, err := c.conf.Dolibarr.Key()
	if err != nil {
		return nil, operation.Permanent(err, "put the API key of a user of Dolibarr into that file, mode 0600")
	}
	return dolibarr.New(dolibarr.Config{URL: c.conf.Dolibarr.URL, Key: key, Clock: c.clock, Log: c.log}), nil
}
