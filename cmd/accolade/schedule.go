package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newScheduleCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "schedule",
		Short: "See what runs regularly",
	}
	c.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the entries with their last and next run",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Schedule(c.Context())
			if err != nil {
				return err
			}
			t := newTable("entry", "when", "last run", "result", "next run")
			for _, s := range list {
				result := cell{text: s.Result}
				if s.Result != "" && s.Result != "ok" && s.Result != "running" {
					result.colour = red
				}
				t.add(s.Name, s.Words, e.when(s.Last), result, e.when(s.Next))
			}
			return e.print(list, t)
		}),
	})
	return c
}
