package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

func newMandateCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "mandate",
		Short: "Mandates: clients' leave to collect by direct debit",
		Long: `A mandate is what a client signed: an account, from which we may collect. It is kept
as it was signed; another account is another mandate. What is not used for 36 months
lapses. Whether a debit is the first of its mandate, a recurrent one, the last or the
only one is seen from the mandate's history.`,
	}
	c.AddCommand(newMandateAdd(e), newMandateList(e), newMandateShow(e), newMandateRevoke(e))
	return c
}

func newMandateAdd(e *env) *cobra.Command {
	var m api.NewMandate
	c := &cobra.Command{
		Use:               "add CLIENT --iban IBAN --signed DAY",
		Short:             "Take in a mandate that was signed",
		Example:           `  accolade mandate add kerlann --iban "FR14 2004 1010 0505 0001 3M02 606" --signed 2026-09-15`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			m.Client = args[0]
			got, err := client.AddMandate(c.Context(), m)
			if err != nil {
				return err
			}
			return e.printMandates([]api.Mandate{got}, got)
		}),
	}
	fs := c.Flags()
	fs.StringVar(&m.IBAN, "iban", "", "account to collect from")
	fs.StringVar(&m.Signed, "signed", "", "day of signature")
	fs.StringVar(&m.BIC, "bic", "", "of the account's bank; the IBAN is enough")
	fs.StringVar(&m.ID, "id", "", "reference (RUM), at most 35 characters (default: made of the client's ID)")
	fs.StringVar(&m.Debtor, "debtor", "", "holder of the account (default: the client)")
	fs.BoolVar(&m.OneOff, "one-off", false, "for one debit only")
	cobra.CheckErr(c.MarkFlagRequired("iban"))
	cobra.CheckErr(c.MarkFlagRequired("signed"))
	return c
}

func newMandateList(e *env) *cobra.Command {
	var of string
	c := &cobra.Command{
		Use:   "list",
		Short: "List mandates",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Mandates(c.Context(), of)
			if err != nil {
				return err
			}
			return e.printMandates(list, list)
		}),
	}
	e.clientFlag(c, &of)
	return c
}

func newMandateShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show MANDATE",
		Short:             "Show a mandate and its debits",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(mandateIDs),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			m, err := client.Mandate(c.Context(), args[0])
			if err != nil {
				return err
			}
			t := newTable("order", "invoice", "on", "sequence")
			for _, u := range m.Uses {
				t.add(u.Order, u.Invoice, u.On, string(u.Sequence))
			}
			t.note = m.ID + " of " + m.Client + ": " + m.Debtor + ", " + sepa.Fours(m.IBAN) + ", signed on " + m.Signed.String() + "." + ended(m)
			return e.print(m, t)
		}),
	}
}

func mandateIDs(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Mandates(c.Context(), "")
	return names(list, func(m api.Mandate) string { return m.ID }), err
}

// ended tells of a mandate's end, where there is one.
func ended(m api.Mandate) string {
	switch {
	case !m.Revoked.IsZero():
		return " Revoked on " + m.Revoked.String() + "."
	case m.Last:
		return " Its next debit is the last."
	}
	return ""
}

func newMandateRevoke(e *env) *cobra.Command {
	var r api.Revocation
	c := &cobra.Command{
		Use:               "revoke MANDATE",
		Short:             "End a mandate, at once or with its next debit",
		Example:           "  accolade mandate revoke KERLANN-1 --after-next",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(mandateIDs),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if err := e.confirm("mandate "+args[0]+" will not be used any more", args[0]); err != nil {
				return err
			}
			m, err := client.RevokeMandate(c.Context(), args[0], r)
			if err != nil {
				return err
			}
			return e.printMandates([]api.Mandate{m}, m)
		}),
	}
	c.Flags().StringVar(&r.Reason, "reason", "", "why")
	c.Flags().BoolVar(&r.AfterNext, "after-next", false, "collect once more, as the last time")
	return c
}

func (e *env) printMandates(list []api.Mandate, v any) error {
	t := newTable("mandate", "client", "debtor", "iban", "signed", "debits#", "state")
	for _, m := range list {
		state := "in force"
		switch {
		case !m.Revoked.IsZero():
			state = "revoked on " + m.Revoked.String()
		case m.Last:
			state = "next debit is the last"
		case m.OneOff:
			state = "for one debit"
		}
		t.add(m.ID, m.Client, m.Debtor, sepa.Fours(m.IBAN), m.Signed, len(m.Uses), state)
	}
	return e.print(v, t)
}
