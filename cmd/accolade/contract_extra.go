package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
)

// newContractExtra is `contract charge`, or `contract discount`.
func newContractExtra(e *env, kind billing.ExtraKind) *cobra.Command {
	noun := string(kind)
	c := &cobra.Command{Use: noun, Short: "One-off lines on the next invoice", Long: `A one-off line stands on the invoice of its month, or on the first one after it that is
still open. Its VAT is that of the contract's own lines, or of a category: S at a rate,
Z at 0, E exempt for a reason, AE owed by the client, O out of scope, such as damages.
What is out of scope waits for an invoice that holds nothing else, as EN 16931 wants.`}
	if kind == billing.Lowering {
		c.Short, c.Long = "Discounts on the next invoice, with a reason", `A discount lowers one invoice as a whole: that of its month, or the first one after it
whose lines can bear it.`
	}
	c.AddCommand(newExtraAdd(e, kind), newExtraList(e, kind), newExtraRemove(e))
	return c
}

func newExtraAdd(e *env, kind billing.ExtraKind) *cobra.Command {
	x := api.NewExtra{Kind: string(kind)}
	c := &cobra.Command{
		Use:               "add CLIENT EUROS --text TEXT",
		Short:             "Put a one-off line on a contract",
		Example:           `  accolade contract charge add kerlann 149.00 --text "Deuxième écran" --month 2026-10`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			x.Amount = args[1]
			made, err := client.AddExtra(c.Context(), args[0], x)
			if err != nil {
				return err
			}
			return e.printExtras([]api.Extra{made})
		},
	}
	fs := c.Flags()
	fs.StringVar(&x.Month, "month", "", "not before this one, 2026-10 (default: the present)")
	againFlag(c, &x.Again)
	if kind == billing.Lowering {
		c.Use, c.Short = "add CLIENT EUROS --reason TEXT", "Lower the next invoice of a contract"
		c.Example = `  accolade contract discount add kerlann 50.00 --reason "Panne du 3 octobre"`
		fs.StringVar(&x.Text, "reason", "", "why, as on the invoice")
		cobra.CheckErr(c.MarkFlagRequired("reason"))
		return c
	}
	fs.StringVar(&x.Text, "text", "", "what was sold, as on the invoice")
	cobra.CheckErr(c.MarkFlagRequired("text"))
	vatFlags(c, &x.VATChoice)
	return c
}

// againFlag is the word for what was made lately, and is to be made a second time.
func againFlag(c *cobra.Command, again *bool) {
	c.Flags().BoolVar(again, "again", false, "make it though the same was made lately: a second one is right")
}

// vatFlags are how something is taxed that is not taxed as the contract's own lines.
func vatFlags(c *cobra.Command, v *api.VATChoice) {
	fs := c.Flags()
	fs.StringVar(&v.Category, "category", "", "of VAT: S, Z, E, AE or O (default: as the contract's own lines)")
	fs.StringVar(&v.VAT, "vat", "", "percent, with category S")
	fs.StringVar(&v.Exemption, "exemption", "", "with category E or O: why it bears no tax, as on the invoice")
	fs.StringVar(&v.ExemptionCode, "exemption-code", "", "with category E: the same by the list VATEX, such as VATEX-FR-CGI261-4")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("category", cobra.FixedCompletions([]string{"S", "Z", "E", "AE", "O"}, cobra.ShellCompDirectiveNoFileComp)))
}

func newExtraList(e *env, kind billing.ExtraKind) *cobra.Command {
	return &cobra.Command{
		Use:               "list CLIENT",
		Short:             "List those of a contract, and the invoices that they stand on",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			all, err := client.Extras(c.Context(), args[0])
			if err != nil {
				return err
			}
			of := []api.Extra{}
			for _, x := range all {
				if x.Kind == kind {
					of = append(of, x)
				}
			}
			return e.printExtras(of)
		},
	}
}

func newExtraRemove(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "remove ID",
		Short: "Take one away that no invoice carries yet",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			if err := client.RemoveExtra(c.Context(), args[0]); err != nil {
				return err
			}
			e.say("%s is taken away", args[0])
			return nil
		},
	}
}

func (e *env) printExtras(all []api.Extra) error {
	t := newTable("id", "contract", "month", "text", "amount#", "vat#", "invoice")
	for _, x := range all {
		vat := ""
		if x.Category != "" {
			vat = fmt.Sprintf("%s %s %%", x.Category, x.Rate.Decimal())
		}
		t.add(x.ID, x.Contract, x.Month, x.Text, x.Net, vat, x.Invoice)
	}
	return e.print(all, t)
}
