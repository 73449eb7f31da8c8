package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newHoursCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "hours",
		Short: "The ledger of hours: what was done, for whom, and what is left",
		Long: `Hours are whole minutes, written 18h30, 2h, 45min, 1:30 or plain minutes.

The kinds of work are accompaniment, training, assistance, intervention (on our own
equipment) and travel; the offer says which count against the allowance. Nothing in
the ledger is ever changed: a correction takes an entry back and books the right one.`,
	}
	c.AddCommand(newHoursAdd(e), newHoursStart(e), newHoursStop(e), newHoursTimers(e), newHoursList(e), newHoursBalance(e), newHoursForecast(e), newHoursCorrect(e), newHoursExport(e), newHoursImport(e), newHoursPlan(e))
	return c
}

// workFlags are the fields of work that several verbs share.
func workFlags(c *cobra.Command, w *api.HoursWork) {
	fs := c.Flags()
	fs.StringVar(&w.Kind, "kind", "", "accompaniment, training, assistance, intervention or travel")
	fs.StringVar(&w.Technician, "technician", "", "who does the work (default: you)")
	fs.StringVar(&w.For, "for", "", "a person at the client's")
	fs.StringVar(&w.Where, "where", "", "a site, or remote")
	fs.StringVar(&w.Note, "note", "", "what was done, for the client to read")
	fs.StringVar(&w.Private, "private", "", "a note for us alone")
	cobra.CheckErr(c.MarkFlagRequired("kind"))
	completeKinds(c)
}

func modeFlag(c *cobra.Command, w *api.HoursWork) {
	c.Flags().StringVar(&w.Mode, "mode", "", "of travel: bike or truck (default: as one gets to the site in --where)")
	completeModes(c)
}

func completeModes(c *cobra.Command) {
	cobra.CheckErr(c.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"bike", "truck"}, cobra.ShellCompDirectiveNoFileComp)))
}

func completeKinds(c *cobra.Command) {
	cobra.CheckErr(c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(texts(contract.Works), cobra.ShellCompDirectiveNoFileComp)))
}

func newHoursAdd(e *env) *cobra.Command {
	var w api.HoursWork
	var group []string
	c := &cobra.Command{
		Use:   "add CLIENT DURATION --kind KIND | add DURATION --group CLIENT:SEATS --group … --kind KIND",
		Short: "Book work that was done",
		Example: `  accolade hours add kerlann 1h30 --kind assistance --note "imprimante"
  accolade hours add kerlann 18h30 --kind accompaniment --date 2026-09-16
  accolade hours add kerlann 2h --kind assistance --where quai-des-indes --way
  accolade hours add 2h --group kerlann:3 --group penmarch:2 --kind training`,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			if (len(args) == 1) != (len(group) > 0) {
				return usage(c, fmt.Errorf("want CLIENT and DURATION, or DURATION and --group for each client"))
			}
			m, err := calendar.ParseMinutes(args[len(args)-1])
			if err != nil {
				return usage(c, err)
			}
			w.Minutes = int64(m)
			if len(args) == 2 {
				w.Client = args[0]
			}
			if w.Group, err = seats(group); err != nil {
				return usage(c, err)
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			made, err := client.AddHours(c.Context(), w)
			if err != nil {
				return err
			}
			return e.printHours(made)
		},
	}
	workFlags(c, &w)
	modeFlag(c, &w)
	c.Flags().StringVar(&w.Date, "date", "", "the day (default: today)")
	c.Flags().StringVar(&w.Began, "began", "", "14:30, for work that must not overlap")
	c.Flags().BoolVar(&w.Way, "way", false, "book the way to the site in --where, and back, too")
	c.Flags().StringArrayVar(&group, "group", nil, "CLIENT:SEATS of a session that several clients shared")
	return c
}

// seats reads CLIENT:SEATS; a client's name may hold colons.
func seats(group []string) ([]api.GroupSeat, error) {
	var out []api.GroupSeat
	for _, g := range group {
		i := strings.LastIndex(g, ":")
		n, err := strconv.Atoi(g[i+1:])
		if i < 1 || err != nil {
			return nil, fmt.Errorf("--group %q: want CLIENT:SEATS, such as kerlann:3", g)
		}
		out = append(out, api.GroupSeat{Client: g[:i], Seats: n})
	}
	return out, nil
}

func newHoursList(e *env) *cobra.Command {
	var f api.HoursFilter
	c := &cobra.Command{
		Use:     "list",
		Short:   "List entries, by day",
		Example: "  accolade hours list --client kerlann --from 2026-10-01 --to 2026-10-31 -o csv",
		Args:    cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Hours(c.Context(), f)
			if err != nil {
				return err
			}
			return e.printHours(list)
		}),
	}
	e.hoursFilter(c, &f)
	return c
}

// hoursFilter are the flags that choose entries.
func (e *env) hoursFilter(c *cobra.Command, f *api.HoursFilter) {
	c.Flags().StringVar(&f.Client, "client", "", "of this client alone")
	c.Flags().StringVar(&f.Technician, "technician", "", "of this technician alone")
	c.Flags().StringVar(&f.From, "from", "", "first day")
	c.Flags().StringVar(&f.To, "to", "", "last day")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeFlag(clientIDs)))
}

func newHoursBalance(e *env) *cobra.Command {
	var on string
	c := &cobra.Command{
		Use:               "balance CLIENT",
		Short:             "Show what is left of the allowance",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			b, err := client.Balance(c.Context(), args[0], on)
			if err != nil {
				return err
			}
			t := newTable("client", "contract", "year from", "to", "included#", "used#", "left#", "over#", "at cost#")
			t.add(b.Client, b.Contract, b.Year.From, b.Year.To, b.Included, b.Used, b.Left, b.Over, b.AtCost)
			return e.print(b, t)
		}),
	}
	c.Flags().StringVar(&on, "on", "", "as of this day (default: today)")
	return c
}

func newHoursCorrect(e *env) *cobra.Command {
	var k api.HoursCorrection
	var took string
	var never bool
	c := &cobra.Command{
		Use:   "correct ENTRY --why REASON",
		Short: "Take an entry back and book the right one in its place",
		Long: `Take an entry back and book the right one in its place. The old entry stays; two new
ones name it. It works after the month was invoiced too: the difference comes as a
line of its own on the next invoice.`,
		Example: `  accolade hours correct H000012 --minutes 1h --why "pause de midi"
  accolade hours correct H000012 --never-done --why "rendez-vous annulé"`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			fs := c.Flags()
			k.Date, k.Kind, k.Client, k.Technician = given(fs, "date"), given(fs, "kind"), given(fs, "client"), given(fs, "technician")
			k.For, k.Where, k.Mode, k.Note, k.Private = given(fs, "for"), given(fs, "where"), given(fs, "mode"), given(fs, "note"), given(fs, "private")
			if err := correctMinutes(fs, took, never, &k); err != nil {
				return usage(c, err)
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			made, err := client.CorrectHours(c.Context(), args[0], k)
			if err != nil {
				return err
			}
			return e.printHours(made)
		},
	}
	fs := c.Flags()
	fs.StringVar(&k.Why, "why", "", "what was wrong, for the audit")
	fs.StringVar(&took, "minutes", "", "how long it really took")
	fs.BoolVar(&never, "never-done", false, "the work was never done")
	fs.String("date", "", "the right day")
	fs.String("kind", "", "the right kind of work")
	fs.String("client", "", "the right client")
	fs.String("technician", "", "who really did it")
	fs.String("for", "", "for whom")
	fs.String("where", "", "where")
	fs.String("mode", "", "of travel: bike or truck")
	fs.String("note", "", "what was done, for the client to read")
	fs.String("private", "", "a note for us alone")
	cobra.CheckErr(c.MarkFlagRequired("why"))
	c.MarkFlagsMutuallyExclusive("minutes", "never-done")
	completeKinds(c)
	completeModes(c)
	return c
}

func correctMinutes(fs *pflag.FlagSet, took string, never bool, k *api.HoursCorrection) error {
	if never {
		k.Minutes = new(int64(0))
	}
	if !fs.Changed("minutes") {
		return nil
	}
	m, err := calendar.ParseMinutes(took)
	if err == nil && m == 0 {
		err = fmt.Errorf("--minutes 0: work that was never done is taken back with --never-done")
	}
	k.Minutes = new(int64(m))
	return err
}

func (e *env) printHours(list []api.HoursEntry) error {
	t := newTable("entry", "date", "client", "time#", "kind", "technician", "for", "where", "note")
	for _, h := range list {
		note := h.Note
		switch {
		case h.Reverts != "":
			note = joined("takes back "+h.Reverts, note)
		case h.Replaces != "":
			note = joined("instead of "+h.Replaces, note)
		case h.Group != nil:
			note = joined(fmt.Sprintf("%d of %d seats, %s in all", h.Group.Seats, h.Group.Of, h.Group.Minutes), note)
		}
		if h.Mode != "" {
			note = joined("by "+string(h.Mode), note)
		}
		if h.Private != "" {
			note = joined(note, "(private: "+h.Private+")")
		}
		t.add(h.ID, h.Date, h.Client, h.Minutes, h.Kind, h.Who, h.For, h.Where, note)
	}
	return e.print(list, t)
}
