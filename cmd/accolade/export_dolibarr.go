package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newExportDolibarr(e *env) *cobra.Command {
	var detach *bool
	var in api.SendMonth
	c := &cobra.Command{
		Use:   "dolibarr MONTH",
		Short: "Bring a finalised month's invoices into Dolibarr",
		Long: `Bring a finalised month's invoices into the Dolibarr of the configuration, each once:
clients are matched by SIREN, invoices by their customer reference, which is our
number. What is there already is compared and left as it is; what Dolibarr refuses
holds up no other, and is told at the end. Send the month again as often as you like.

Invoices are left as drafts, or validated under our numbers (--invoices validated). None
is validated whose total Dolibarr computes differently.`,
		Example: "  accolade export dolibarr 2026-09\n  accolade export dolibarr 2026-09 --invoices validated",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			op, err := client.SendMonth(c.Context(), args[0], in)
			if err != nil {
				return err
			}
			return e.watch(c, client, op, *detach)
		}),
	}
	c.Flags().StringVar(&in.Invoices, "invoices", "", "draft or validated (default: as the configuration says)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("invoices", cobra.FixedCompletions([]string{"draft", "validated"}, cobra.ShellCompDirectiveNoFileComp)))
	detach = detachFlag(c)
	return c
}
