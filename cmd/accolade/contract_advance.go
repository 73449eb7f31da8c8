package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newContractAdvance(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "advance",
		Short: "Deposits that are invoiced before the service",
		Long: `An advance (in French un acompte) is invoiced at once, by a deposit invoice in a series
of its own (FA2026-0001). Once it is paid, the contract's next invoices take it off, each
as much of it as it comes to: deposit and invoices together are what was sold, and its
VAT is paid once. What no invoice took off can be given back: accolade invoice credit.`,
	}
	c.AddCommand(newAdvanceIssue(e), newAdvanceList(e))
	return c
}

func newAdvanceIssue(e *env) *cobra.Command {
	var n api.NewAdvance
	var dry bool
	c := &cobra.Command{
		Use:   "issue CLIENT EUROS --text TEXT",
		Short: "Issue a deposit invoice",
		Long: `Issue a deposit invoice as of today, over an amount before tax. It can never be changed,
so it asks first; --dry-run shows it and issues nothing.

Refused: a contract that has ended, a due date more than 60 days away, and a month whose
invoices are finalised already.`,
		Example:           `  accolade contract advance issue kerlann 500 --text "Acompte à la signature" --due 2026-10-14`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			n.Amount = args[1]
			draft, err := client.PreviewAdvance(c.Context(), args[0], n)
			if err != nil {
				return err
			}
			if dry {
				draft.Number = "draft"
				return e.printInvoice(draft)
			}
			if err := e.confirm(fmt.Sprintf("a deposit invoice over %s will be issued and can never be changed", draft.Total), args[0]); err != nil {
				return err
			}
			made, err := client.IssueAdvance(c.Context(), args[0], n)
			if err != nil {
				return err
			}
			inv, err := client.Invoice(c.Context(), made.Number)
			if err != nil {
				return err
			}
			return e.printInvoice(inv)
		}),
	}
	fs := c.Flags()
	fs.StringVar(&n.Text, "text", "", "what it is for, as on the invoice")
	fs.StringVar(&n.Due, "due", "", "last day to pay, 2026-10-14 (default: in 30 days)")
	fs.BoolVar(&dry, "dry-run", false, "show the deposit invoice, issue nothing")
	cobra.CheckErr(c.MarkFlagRequired("text"))
	againFlag(c, &n.Again)
	vatFlags(c, &n.VATChoice)
	return c
}

func newAdvanceList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "list CLIENT",
		Short:             "List those of a contract, and the documents that took them off",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			all, err := client.Advances(c.Context(), args[0])
			if err != nil {
				return err
			}
			t := newTable("number", "date", "text", "net#", "vat#", "left net#", "taken off by")
			for _, x := range all {
				var by []string
				for _, u := range x.Taken {
					by = append(by, u.Document)
				}
				t.add(x.Number, x.Date, x.Text, e.euros(x.Over.Net), e.euros(x.Over.Tax), e.euros(x.Left().Net), strings.Join(by, ", "))
			}
			return e.print(all, t)
		}),
	}
}
