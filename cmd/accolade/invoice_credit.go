package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/money"
)

func newInvoiceCredit(e *env) *cobra.Command {
	var n api.NewCredit
	var nets []string
	var text string
	var dry bool
	var detach *bool
	c := &cobra.Command{
		Use:   "credit NUMBER --reason TEXT",
		Short: "Take an invoice back by a credit note, in full or in part",
		Long: `Issue a credit note as of today, in a series of its own (A2026-0001). Without --line and
--net it is over all that earlier credit notes have left of the invoice. Its reason
stands on the paper. What it takes back is not billed again; to have the month billed
anew: accolade invoice replace.

Refused: more than what is left, a line that was credited before, a credit note of a
credit note.`,
		Example: `  accolade invoice credit F2026-0001 --reason "Facture partie au mauvais établissement"
  accolade invoice credit F2026-0002 --line 3 --reason "Heures offertes"
  accolade invoice credit F2026-0002 --net 50 --text "Geste commercial" --reason "Panne du 12 octobre"
  accolade invoice credit F2026-0002 --net 20:50 --net 5.5:10 --text "Remise" --reason "Accord du 3 novembre"`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(invoiceNumbers),
		RunE: func(c *cobra.Command, args []string) error {
			for _, net := range nets {
				a, err := creditAmount(net, text)
				if err != nil {
					return usage(c, err)
				}
				n.Amounts = append(n.Amounts, a)
			}
			if text != "" && len(nets) == 0 {
				return usage(c, errors.New("--text is what an amount is for: give --net with it"))
			}
			return e.credit(c, strings.ToUpper(args[0]), n, dry, *detach)
		},
	}
	c.Flags().StringVar(&n.Reason, "reason", "", "why, as it stands on the paper")
	c.Flags().IntSliceVar(&n.Lines, "line", nil, "a line of the invoice, by its number; may be given several times")
	c.Flags().StringArrayVar(&nets, "net", nil, "euros before tax, such as 50; with several rates of VAT RATE:EUROS, such as 20:50")
	c.Flags().StringVar(&text, "text", "", "what the amount is for, as it stands on the paper")
	c.Flags().BoolVar(&dry, "dry-run", false, "show the credit note, issue nothing")
	againFlag(c, &n.Again)
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	detach = detachFlag(c)
	return c
}

// creditAmount reads `50` or `20:50`.
func creditAmount(s, text string) (a billing.CreditAmount, err error) {
	a.Text = text
	if rate, net, ok := strings.Cut(s, ":"); ok {
		r, err := money.ParseRate(rate)
		if err != nil {
			return a, err
		}
		a.Rate, s = &r, net
	}
	a.Net, err = money.ParseCents(s)
	return a, err
}

func newInvoiceReplace(e *env) *cobra.Command {
	n := api.NewCredit{Replace: true}
	var dry bool
	var detach *bool
	c := &cobra.Command{
		Use:   "replace NUMBER --reason TEXT",
		Short: "Take an invoice back, and have its month billed anew",
		Long: `Issue a credit note over the whole invoice, and have what it billed billed anew on the
contract's next invoice: with headcounts, ends and hours as they are known by then.
First set right what was wrong (client, headcount, hours), then replace.

Hours of the invoice are open again, and use what is left of the allowance in the order
in which they are invoiced.`,
		Example:           `  accolade invoice replace F2026-0001 --reason "Mauvaise adresse de facturation"`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(invoiceNumbers),
		RunE: func(c *cobra.Command, args []string) error {
			return e.credit(c, strings.ToUpper(args[0]), n, dry, *detach)
		},
	}
	c.Flags().StringVar(&n.Reason, "reason", "", "why, as it stands on the paper")
	c.Flags().BoolVar(&dry, "dry-run", false, "show the credit note, issue nothing")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	detach = detachFlag(c)
	return c
}

// credit shows what a credit note would be over, asks, and issues it.
func (e *env) credit(c *cobra.Command, number string, n api.NewCredit, dry, detach bool) error {
	client, err := e.controller()
	if err != nil {
		return err
	}
	draft, err := client.PreviewCredit(c.Context(), number, n)
	if err != nil {
		return err
	}
	if dry {
		draft.Number = "draft"
		return e.printInvoice(draft)
	}
	if err := e.confirm(fmt.Sprintf("a credit note over %s will be issued and can never be changed", draft.Total), number); err != nil {
		return err
	}
	op, err := client.CreditInvoice(c.Context(), number, n)
	if err != nil {
		return err
	}
	if err := e.watch(c, client, op, detach); err != nil || detach {
		return err
	}
	notes, err := client.IssuedBy(c.Context(), op.ID)
	if err != nil {
		return err
	}
	if len(notes) != 1 {
		return fmt.Errorf("operation %s has ended and issued %d credit notes", op.ID, len(notes))
	}
	note, err := client.Invoice(c.Context(), notes[0].Number)
	if err != nil {
		return err
	}
	return e.printInvoice(note)
}
