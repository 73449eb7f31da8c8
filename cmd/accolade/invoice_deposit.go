package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/platform"
)

func newInvoiceDeposit(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "deposit NUMBER...",
		Short: "Deposit invoices and credit notes with the approved platform, each once",
		Long: `Write the Factur-X file of each document, as SIREN_NUMBER.pdf, to the place that
platform.url names: a folder, or SFTP. Again does nothing, unless the platform rejected
it. What the platform and the buyer answer is read every hour from SIREN_NUMBER.status
beside it, or noted with accolade invoice answer; accolade invoice show shows it.`,
		Example: "  accolade invoice deposit F2026-0001 F2026-0002",
		Args:    cobra.MinimumNArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			var list []api.Deposit
			for _, number := range upper(args) {
				d, err := client.DepositInvoice(c.Context(), number)
				if err != nil {
					return err
				}
				list = append(list, d)
			}
			return e.printDeposits(list)
		}),
	}
}

func newInvoiceAnswer(e *env) *cobra.Command {
	var answer api.DepositAnswer
	var states []string
	for _, s := range platform.Answers {
		states = append(states, string(s))
	}
	c := &cobra.Command{
		Use:   "answer NUMBER STATE",
		Short: "Note what the platform or the buyer answered to a deposit",
		Long: `rejected: the platform found the file wrong, and it may be deposited again. refused: the
buyer does not want the invoice; only a credit note helps. approved: the buyer will pay.
paid: he did, which books no payment.`,
		Example:           "  accolade invoice answer F2026-0001 refused --on 2026-10-12 --reason \"wrong order number\"",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			answer.State = args[1]
			d, err := client.AnswerDeposit(c.Context(), strings.ToUpper(args[0]), answer)
			if err != nil {
				return err
			}
			return e.printDeposits([]api.Deposit{d})
		}),
	}
	c.Flags().StringVar(&answer.On, "on", "", "day of the answer; today if absent")
	c.Flags().StringVar(&answer.Reason, "reason", "", "why it was rejected or refused")
	return c
}

func (e *env) printDeposits(list []api.Deposit) error {
	t := newTable("number", "file", "state", "on", "why")
	for _, d := range list {
		last := d.History[len(d.History)-1]
		t.add(d.Number, d.File, string(d.State), last.On, last.Why)
	}
	return e.print(list, t)
}
