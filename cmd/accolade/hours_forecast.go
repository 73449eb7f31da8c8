package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newHoursForecast(e *env) *cobra.Command {
	var of, on string
	c := &cobra.Command{
		Use:   "forecast",
		Short: "Say when each allowance runs out on the present rhythm",
		Long: `Say when each allowance runs out if work goes on in the rhythm of the last 90 days, or
of the contract year where it is younger. The day is the one on which the last included
minute is used; whoever needs more after that pays by the hour.`,
		Example: "  accolade hours forecast --client kerlann -o json",
		Args:    cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Forecast(c.Context(), of, on)
			if err != nil {
				return err
			}
			t := newTable("client", "year to", "included#", "used#", "runs out", "in words")
			for _, f := range list {
				out := cell{text: "-"}
				if !f.RunsOut.IsZero() {
					out = cell{text: f.RunsOut.String(), colour: yellow}
				}
				t.add(f.Client, f.Last, f.Included, f.Used, out, f.Words)
			}
			return e.print(list, t)
		}),
	}
	c.Flags().StringVar(&of, "client", "", "of this client alone")
	c.Flags().StringVar(&on, "on", "", "as of this day (default: today)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeFlag(clientIDs)))
	return c
}
