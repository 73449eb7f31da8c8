package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/mail"
)

func newMonthSend(e *env) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "send MONTH",
		Short: "Send a finalised month's invoices and credit notes by mail",
		Long: `Queue a mail for each invoice and credit note of a finalised month, to the client's
billing contact, with the PDF attached. Where the client signed a mandate for direct
debits, the mail announces amount and day, at least 14 days ahead. Each document is sent
once, however often you send the month: again it sends what could not be sent before.
Clients without a mail address are named, and the exit code is 1; the others' mails go.

accolade mail preview NUMBER shows a mail before it goes.`,
		Example: "  accolade month send 2026-09 --dry-run\n  accolade month send 2026-09",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			send := client.MailMonth
			if dryRun {
				send = client.MonthMails
			}
			items, err := send(c.Context(), args[0])
			if err != nil {
				return err
			}
			if dryRun {
				return e.printMailItems(items)
			}
			return errors.Join(e.printMailItems(items), unsent(items))
		}),
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be sent to whom; send nothing")
	return c
}

func newMonthStatus(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "status MONTH",
		Short: "Show which of a month's invoices and credit notes were sent",
		Args:  cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			items, err := client.MonthMails(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printMailItems(items)
		}),
	}
}

func newInvoiceSend(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "send NUMBER...",
		Short:   "Send invoices and credit notes by mail, each once",
		Long:    `As accolade month send, for some documents: a credit note need not wait for the end of its month.`,
		Example: "  accolade invoice send A2026-0001",
		Args:    cobra.MinimumNArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			items, err := client.MailDocuments(c.Context(), upper(args))
			if err != nil {
				return err
			}
			return errors.Join(e.printMailItems(items), unsent(items))
		}),
	}
}

// unsent is trouble where a document was to be sent and has no mail.
func unsent(items []api.MailItem) error {
	if slices.ContainsFunc(items, func(i api.MailItem) bool { return i.Mail == "" }) {
		return errTrouble
	}
	return nil
}

func (e *env) printMailItems(items []api.MailItem) error {
	t := newTable("number", "client", "total#", "to", "debit", "mail", "state", "why")
	open := 0
	for _, i := range items {
		state := string(i.State)
		if i.Mail == "" {
			state = "not sent"
		}
		t.add(i.Number, i.Name, e.euros(i.Total), i.To, i.Debit, i.Mail, state, i.Why)
		if i.Fix != "" {
			t.note += i.Number + ": " + i.Fix + "\n"
		}
		if i.State != mail.Sent && i.State != mail.Dropped {
			open++
		}
	}
	if open == 0 && len(items) > 0 {
		t.note = "All were sent."
	}
	t.note = strings.TrimRight(t.note, "\n")
	return e.print(items, t)
}
