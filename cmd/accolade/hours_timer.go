package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
)

func newHoursStart(e *env) *cobra.Command {
	var w api.HoursWork
	c := &cobra.Command{
		Use:               "start CLIENT --kind KIND",
		Short:             "Start a timer; each technician has one at a time",
		Example:           `  accolade hours start kerlann --kind assistance --for "Anne Le Goff"`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			w.Client = args[0]
			t, err := client.StartTimer(c.Context(), w)
			if err != nil {
				return err
			}
			return e.printTimers(t, []api.HoursTimer{t})
		}),
	}
	workFlags(c, &w)
	modeFlag(c, &w)
	return c
}

func newHoursStop(e *env) *cobra.Command {
	var s api.HoursStop
	var took string
	c := &cobra.Command{
		Use:   "stop",
		Short: "End your timer and book its time",
		Long: `End your timer and book its time, rounded to the minute. Work across midnight becomes
an entry for each day; less than half a minute books nothing.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if took != "" {
				m, err := calendar.ParseMinutes(took)
				if err != nil {
					return usage(c, err)
				}
				s.Minutes = int64(m)
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			made, err := client.StopTimer(c.Context(), s)
			if err != nil {
				return err
			}
			if len(made) == 0 {
				e.say("the timer was stopped, nothing was booked")
			}
			return e.printHours(made)
		},
	}
	c.Flags().StringVar(&s.Technician, "technician", "", "whose timer (default: yours)")
	c.Flags().StringVar(&s.Note, "note", "", "what was done")
	c.Flags().StringVar(&took, "minutes", "", "how long the work took, instead of what the timer shows")
	c.Flags().BoolVar(&s.Discard, "discard", false, "book nothing")
	c.MarkFlagsMutuallyExclusive("minutes", "discard")
	return c
}

func newHoursTimers(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "timers",
		Short: "List the running timers",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Timers(c.Context())
			if err != nil {
				return err
			}
			return e.printTimers(list, list)
		}),
	}
}

func (e *env) printTimers(v any, list []api.HoursTimer) error {
	t := newTable("technician", "client", "kind", "since", "for", "note")
	for _, r := range list {
		t.add(r.Who, r.Client, r.Kind, e.when(r.Started), r.For, r.Note)
	}
	return e.print(v, t)
}
