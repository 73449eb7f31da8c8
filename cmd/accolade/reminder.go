package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newReminderCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "reminder",
		Short: "Reminders of invoices that are not paid in time",
		Long: `There are three levels: a friendly word 7 days after the due date, a firm one after
21, the formal notice after 45, and at least a week between two. Interest until today
and the 40 EUR for recovery are those of articles L441-10 and D441-5 du Code de
commerce; they are not claimed from associations. Nothing is sent from here: what you
sent is noted with reminder sent.`,
	}
	c.AddCommand(newReminderList(e), newReminderShow(e), newReminderSent(e))
	return c
}

func newReminderList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the clients to be reminded today",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Reminders(c.Context())
			if err != nil {
				return err
			}
			return e.printReminders(list, list)
		}),
	}
}

func newReminderShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show CLIENT",
		Short:             "Show the letter to a client, in its language",
		Example:           "  accolade reminder show kerlann > lettre.txt",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			l, err := client.ReminderLetter(c.Context(), args[0])
			if err != nil {
				return err
			}
			if e.output != "table" {
				return e.printReminders([]api.Reminder{l.Reminder}, l)
			}
			fmt.Fprint(e.stdout, l.Text)
			return nil
		}),
	}
}

func newReminderSent(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "sent CLIENT",
		Short:             "Note that a client was sent today's reminder",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			r, err := client.Remind(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printReminders([]api.Reminder{r}, r)
		}),
	}
}

func (e *env) printReminders(list []api.Reminder, v any) error {
	t := newTable("client", "level", "invoices", "late#", "left#", "interest#", "fees#", "total#")
	var notes []string
	for _, r := range list {
		var numbers []string
		longest := 0
		for _, l := range r.Invoices {
			numbers, longest = append(numbers, l.Invoice), max(longest, l.Late)
		}
		interest, total := e.euros(r.Interest), e.euros(r.Total)
		if r.Unknown != "" {
			interest, total, notes = "?", "?", append(notes, r.Name+": "+r.Unknown)
		}
		t.add(r.Name, r.Level, strings.Join(numbers, " "), fmt.Sprintf("%d days", longest), e.euros(r.Left), interest, e.euros(r.Fees), total)
	}
	t.note = strings.Join(notes, "\n")
	return e.print(v, t)
}
