package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
)

func newHoursPlan(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "plan",
		Short: "Work that is to come, also for your calendar",
		Long: `Plan who goes to whom, when and for how long. A plan costs nobody anything: it becomes
an entry of the ledger when it is done, as it was done. Times are the cooperative's own
(Europe/Paris).`,
	}
	c.AddCommand(newPlanAdd(e), newPlanList(e), newPlanChange(e), newPlanDone(e), newPlanCancel(e), newPlanCalendar(e))
	return c
}

// moment reads `2026-10-06 14:30` as a day and a time of it.
func moment(c *cobra.Command, s string) (day, at string, err error) {
	day, at, both := strings.Cut(strings.TrimSpace(s), " ")
	if !both {
		return "", "", usage(c, fmt.Errorf("--at %q: want a day and a time, such as \"2026-10-06 14:30\"", s))
	}
	return day, strings.TrimSpace(at), nil
}

func newPlanAdd(e *env) *cobra.Command {
	var w api.HoursWork // the fields that plans share with work
	var at string
	var way bool
	c := &cobra.Command{
		Use:   "add CLIENT DURATION --at 'DAY TIME' --kind KIND",
		Short: "Plan work",
		Example: `  accolade hours plan add kerlann 2h --at "2026-10-06 14:30" --kind training --where quai-des-indes --way
  accolade hours plan add kerlann 1h --at "2026-10-08 09:00" --kind assistance --technician paul --private "clé chez le voisin"`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			m, err := calendar.ParseMinutes(args[1])
			if err != nil {
				return usage(c, err)
			}
			p := api.NewPlan{Client: args[0], Minutes: int64(m), Kind: w.Kind, Technician: w.Technician, For: w.For, Where: w.Where, Way: way, Note: w.Note, Private: w.Private}
			if p.Date, p.At, err = moment(c, at); err != nil {
				return err
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			made, err := client.AddPlan(c.Context(), p)
			if err != nil {
				return err
			}
			return e.printPlans(made, []api.Plan{made})
		},
	}
	workFlags(c, &w)
	c.Flags().StringVar(&at, "at", "", "when it starts: \"2026-10-06 14:30\"")
	c.Flags().BoolVar(&way, "way", false, "when it is done, book the way to the site in --where, and back, too")
	cobra.CheckErr(c.MarkFlagRequired("at"))
	return c
}

func newPlanList(e *env) *cobra.Command {
	var f api.HoursFilter
	var all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List what is to come, by its start",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Plans(c.Context(), f, all)
			if err != nil {
				return err
			}
			return e.printPlans(list, list)
		}),
	}
	e.hoursFilter(c, &f)
	c.Flags().BoolVar(&all, "all", false, "what was done or cancelled too")
	return c
}

func newPlanChange(e *env) *cobra.Command {
	var took string
	var way bool
	c := &cobra.Command{
		Use:     "change PLAN",
		Short:   "Change a plan; what is not given stays",
		Example: `  accolade hours plan change P000012 --at "2026-10-07 09:00" --technician paul`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			fs := c.Flags()
			k := api.PlanChange{Kind: given(fs, "kind"), Technician: given(fs, "technician"), For: given(fs, "for"), Where: given(fs, "where"), Note: given(fs, "note"), Private: given(fs, "private")}
			if fs.Changed("way") {
				k.Way = &way
			}
			var err error
			if k.Date, k.At, k.Minutes, err = momentAndMinutes(c, took); err != nil {
				return err
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			p, err := client.ChangePlan(c.Context(), args[0], k)
			if err != nil {
				return err
			}
			return e.printPlans(p, []api.Plan{p})
		},
	}
	fs := c.Flags()
	fs.String("at", "", "when it starts: \"2026-10-06 14:30\"")
	fs.StringVar(&took, "minutes", "", "how long it is to take")
	fs.String("kind", "", "the kind of work")
	fs.String("technician", "", "who goes")
	fs.String("for", "", "a person at the client's")
	fs.String("where", "", "a site, or remote")
	fs.BoolVar(&way, "way", false, "when it is done, book the way to the site too")
	fs.String("note", "", "what is to be done, for the client to read")
	fs.String("private", "", "a note for us alone")
	completeKinds(c)
	return c
}

// momentAndMinutes are the flags --at and --minutes, where they were given.
func momentAndMinutes(c *cobra.Command, took string) (day, at *string, minutes *int64, err error) {
	if s := given(c.Flags(), "at"); s != nil {
		d, t, err := moment(c, *s)
		if err != nil {
			return nil, nil, nil, err
		}
		day, at = &d, &t
	}
	if took != "" {
		m, err := calendar.ParseMinutes(took)
		if err != nil {
			return nil, nil, nil, usage(c, err)
		}
		minutes = new(int64(m))
	}
	return day, at, minutes, nil
}

func newPlanDone(e *env) *cobra.Command {
	var took string
	c := &cobra.Command{
		Use:     "done PLAN",
		Short:   "Book what was planned, as it was done",
		Example: `  accolade hours plan done P000012 --minutes 1h45`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			d := api.PlanDone{Note: given(c.Flags(), "note"), Private: given(c.Flags(), "private")}
			var err error
			if d.Date, d.At, d.Minutes, err = momentAndMinutes(c, took); err != nil {
				return err
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			made, err := client.FinishPlan(c.Context(), args[0], d)
			if err != nil {
				return err
			}
			return e.printHours(made)
		},
	}
	fs := c.Flags()
	fs.String("at", "", "when it really began: \"2026-10-06 14:30\"")
	fs.StringVar(&took, "minutes", "", "how long it really took")
	fs.String("note", "", "what was done, for the client to read")
	fs.String("private", "", "a note for us alone")
	return c
}

func newPlanCancel(e *env) *cobra.Command {
	var why string
	c := &cobra.Command{
		Use:   "cancel PLAN --why REASON",
		Short: "Say that it will not take place; calendars show it as cancelled",
		Args:  cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			p, err := client.CancelPlan(c.Context(), args[0], why)
			if err != nil {
				return err
			}
			return e.printPlans(p, []api.Plan{p})
		}),
	}
	c.Flags().StringVar(&why, "why", "", "the reason, for us alone")
	cobra.CheckErr(c.MarkFlagRequired("why"))
	return c
}

func newPlanCalendar(e *env) *cobra.Command {
	var f api.HoursFilter
	c := &cobra.Command{
		Use:   "calendar FILE.ics",
		Short: "Plans as an iCalendar file, for any calendar program",
		Long: `Plans as an iCalendar file (RFC 5545): with --client a client's own, without our private
notes; else ours, of everybody or of one technician. Take the file in again after a
change: each plan replaces what the calendar has of it. - is standard output.`,
		Example: "  accolade hours plan calendar anne.ics --technician anne\n  accolade hours plan calendar kerlann.ics --client kerlann",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			fetch := func(w io.Writer) error { return client.Calendar(c.Context(), f, w) }
			if args[0] == "-" {
				return fetch(e.stdout)
			}
			return e.save(args[0], "plans.ics", fetch)
		}),
	}
	e.hoursFilter(c, &f)
	return c
}

func (e *env) printPlans(v any, list []api.Plan) error {
	t := newTable("plan", "start", "client", "time#", "kind", "technician", "for", "where", "state", "note")
	for _, p := range list {
		note := p.Note
		switch {
		case p.Why != "":
			note = joined(p.Why, note)
		case len(p.Entries) > 0:
			note = joined("became "+strings.Join(p.Entries, ", "), note)
		}
		if p.Private != "" {
			note = joined(note, "(private: "+p.Private+")")
		}
		t.add(p.ID, e.when(p.Start), p.Client, p.Minutes, p.Kind, p.Who, p.For, p.Where, p.State, note)
	}
	return e.print(v, t)
}
