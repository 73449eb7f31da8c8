package main

import (
	"bytes"
	"fmt"
	"io"

	"path/filepath"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newDebitCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "debit",
		Short: "Direct debits: orders to the bank, and what becomes of them",
		Long: `An order collects what is due on a banking day from the clients that signed a mandate.
It is made once; its file for the bank can be written again, to the same bytes. An
invoice of a live order is in no other. When the money comes, accolade statement
proposes it, or accolade debit settle records it; what the bank takes back undoes the
payment.`,
	}
	c.AddCommand(newDebitPreview(e), newDebitOrder(e), newDebitList(e), newDebitShow(e), newDebitFile(e), newDebitSettle(e), newDebitDrop(e), newDebitCancel(e))
	return c
}

func newDebitPreview(e *env) *cobra.Command {
	var on string
	c := &cobra.Command{
		Use:     "preview",
		Short:   "Show what an order would collect, and what it leaves out",
		Example: "  accolade debit preview --on 2026-11-30",
		Args:    cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			p, err := client.PlanDebits(c.Context(), on)
			if err != nil {
				return err
			}
			t := newTable("invoice", "from", "mandate", "sequence", "amount#", "left out because")
			for _, d := range p.Debits {
				t.add(d.Invoice, d.Mandate.Debtor, d.Mandate.ID, string(d.Sequence), e.euros(d.Amount), "")
			}
			for _, n := range p.Not {
				t.add(n.Invoice, n.Name, "", "", e.euros(n.Left), n.Why)
			}
			t.note = fmt.Sprintf("On %s: %d debits, %s.", p.On, len(p.Debits), p.Sum)
			return e.print(p, t)
		}),
	}
	c.Flags().StringVar(&on, "on", "", "day of collection (default: the next that is possible)")
	return c
}

func newDebitOrder(e *env) *cobra.Command {
	var o api.NewDebitOrder
	var to string
	c := &cobra.Command{
		Use:     "order",
		Short:   "Make an order of direct debits, and its file for the bank",
		Example: "  accolade debit order --on 2026-11-30 --to ~/banque",
		Args:    cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			p, err := client.PlanDebits(c.Context(), o.On)
			if err != nil {
				return err
			}
			if len(p.Debits) > 0 { // else it is refused, with what may be the cause
				err = e.confirm(fmt.Sprintf("%d debits over %s will be ordered for %s", len(p.Debits), p.Sum, p.On), p.On.String())
			}
			if err != nil {
				return err
			}
			o.On = p.On.String()
			d, err := client.OrderDebits(c.Context(), o)
			if err != nil {
				return err
			}
			if to != "" {
				if err := e.saveDebit(c, client, d.ID, to); err != nil {
					return err
				}
			}
			return e.printDebit(d)
		}),
	}
	c.Flags().StringVar(&o.On, "on", "", "day of collection (default: the next that is possible)")
	c.Flags().StringVar(&o.Format, "format", "", "pain.008.001.08 (default), or pain.008.001.02 for older banks")
	c.Flags().StringVar(&to, "to", "", "folder for the file; made if it is not there")
	cobra.CheckErr(c.MarkFlagDirname("to"))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(texts(sepa.Formats), cobra.ShellCompDirectiveNoFileComp)))
	return c
}

// saveDebit writes the file of an order into a folder, by the order's name.
func (e *env) saveDebit(c *cobra.Command, client *api.Client, id, dir string) error {
	var b bytes.Buffer
	if err := client.DebitFile(c.Context(), id, &b); err != nil {
		return err
	}
	path := filepath.Join(dir, id+".xml")
	if err := wholefile.Write(wholefile.OS, path, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
		return err
	}
	e.say("wrote %s", path)
	return nil
}

func newDebitList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the orders",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.DebitOrders(c.Context())
			if err != nil {
				return err
			}
			t := newTable("order", "on", "debits#", "sum#", "waits for#", "state", "made", "by")
			for _, d := range list {
				t.add(d.ID, d.On, len(d.Order.Debits), e.euros(d.Order.Sum()), e.amount(waitsFor(d).Sum()), debitState(d), e.when(d.At), d.By)
			}
			return e.print(list, t)
		}),
	}
}

// waitsFor holds the debits whose money has not come.
func waitsFor(d api.DebitOrder) (o sepa.Order) {
	for _, b := range d.Waiting() {
		o.Debits = append(o.Debits, b.Debits...)
	}
	return o
}

func debitState(d api.DebitOrder) string {
	switch {
	case d.Undone != nil:
		return "cancelled: " + d.Undone.Reason
	case d.Live():
		return "live"
	}
	return "done"
}

// debitVerb is a verb about one order, the first argument of use; do gives what became
// of it, which is shown.
func (e *env) debitVerb(use, short string, do func(c *cobra.Command, client *api.Client, args []string) (api.DebitOrder, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(debitIDs),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			d, err := do(c, client, args)
			if err != nil {
				return err
			}
			return e.printDebit(d)
		}),
	}
}

func debitIDs(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.DebitOrders(c.Context())
	return names(list, func(d api.DebitOrder) string { return d.ID }), err
}

func newDebitShow(e *env) *cobra.Command {
	return e.debitVerb("show ORDER", "Show an order and what became of its debits", func(c *cobra.Command, client *api.Client, args []string) (api.DebitOrder, error) {
		return client.DebitOrder(c.Context(), args[0])
	})
}

func newDebitFile(e *env) *cobra.Command {
	var to string
	c := e.debitVerb("file ORDER --to DIR", "Write the file of an order for the bank, again", func(c *cobra.Command, client *api.Client, args []string) (api.DebitOrder, error) {
		d, err := client.DebitOrder(c.Context(), args[0])
		if err != nil {
			return d, err
		}
		return d, e.saveDebit(c, client, d.ID, to)
	})
	c.Flags().StringVar(&to, "to", "", "folder; made if it is not there")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	cobra.CheckErr(c.MarkFlagDirname("to"))
	return c
}

func newDebitSettle(e *env) *cobra.Command {
	var s api.DebitSettlement
	c := e.debitVerb("settle ORDER", "Record that the money of an order has come", func(c *cobra.Command, client *api.Client, args []string) (api.DebitOrder, error) {
		return client.SettleDebits(c.Context(), args[0], s)
	})
	c.Example = "  accolade debit settle DEBIT-000001 --batch DEBIT-000001-2 --on 2026-11-30"
	c.Flags().StringVar(&s.Batch, "batch", "", "of this batch alone")
	c.Flags().StringVar(&s.On, "on", "", "the day on which it came (default: the day of collection)")
	return c
}

func newDebitDrop(e *env) *cobra.Command {
	var drop api.DebitDrop
	c := e.debitVerb("drop ORDER INVOICE --reason WHY", "Take out a debit that the bank will not carry out", func(c *cobra.Command, client *api.Client, args []string) (api.DebitOrder, error) {
		drop.Invoice = upper(args[1:])[0]
		return client.DropDebit(c.Context(), args[0], drop)
	})
	c.Args = cobra.ExactArgs(2)
	c.Example = `  accolade debit drop DEBIT-000001 F2026-0003 --reason "AC04: the account is closed"`
	c.Flags().StringVar(&drop.Reason, "reason", "", "why")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	return c
}

func newDebitCancel(e *env) *cobra.Command {
	var reason string
	c := e.debitVerb("cancel ORDER --reason WHY", "Take an order back that the bank has not got, or has refused", func(c *cobra.Command, client *api.Client, args []string) (api.DebitOrder, error) {
		if err := e.confirm("order "+args[0]+" must not be carried out by the bank: its invoices may be collected anew", args[0]); err != nil {
			return api.DebitOrder{}, err
		}
		return client.CancelDebits(c.Context(), args[0], reason)
	})
	c.Flags().StringVar(&reason, "reason", "", "why")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	return c
}

func (e *env) printDebit(d api.DebitOrder) error {
	t := newTable("batch", "invoice", "from", "mandate", "sequence", "amount#", "state")
	for _, b := range d.Order.Batches() {
		for _, x := range b.Debits {
			state := "waits"
			switch f := d.Done[x.Invoice]; {
			case f.Payment != "":
				state = "paid: " + f.Payment
			case f.Dropped != "":
				state = "dropped: " + f.Dropped
			case d.Undone != nil:
				state = "cancelled"
			}
			t.add(b.ID, x.Invoice, x.Mandate.Debtor, x.Mandate.ID, string(x.Sequence), e.euros(x.Amount), state)
		}
	}
	t.note = fmt.Sprintf("%s on %s: %s, %s, file SHA-256 %s.", d.ID, d.On, d.Order.Sum(), debitState(d), d.SHA256)
	return e.print(d, t)
}
