package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/match"
	"codeberg.org/accolade/accolade/internal/money"
)

func newPaymentCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "payment",
		Short: "What clients paid, and what they owe",
		Long: `A payment goes to one or several invoices of one client, in full or in part. It is
never changed: one that was a mistake, or came back, is undone, with the reason.
Payments by transfer are best taken from the bank's statement: accolade statement.

Amounts are euros in tables and integer cents in JSON.`,
	}
	c.AddCommand(newPaymentAdd(e), newPaymentList(e), newPaymentShow(e), newPaymentUse(e), newPaymentUndo(e), newPaymentDue(e), newPaymentAgeing(e), newPaymentAccount(e), newPaymentReckon(e))
	return c
}

func newPaymentAdd(e *env) *cobra.Command {
	var p api.NewPayment
	var amount string
	c := &cobra.Command{
		Use:   "add INVOICE…",
		Short: "Record a payment by hand",
		Long: `Record a payment by hand. Without --amount it is what the invoices are due. Several
invoices are paid in the order in which they are named. More than they are due is
refused, unless --keep-rest leaves the rest for another invoice: accolade payment use.`,
		Example: `  accolade payment add F2026-0001
  accolade payment add F2026-0001 F2026-0003 --amount 500 --method cheque --on 2026-10-28 --note "n° 4711"`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			p.Invoices = upper(args)
			if amount != "" {
				cents, err := money.ParseCents(amount)
				if err != nil {
					return usage(c, err)
				}
				p.Amount = &cents
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			got, err := client.AddPayment(c.Context(), p)
			if err != nil {
				return err
			}
			return e.printPayments([]api.Payment{got}, got)
		},
	}
	c.Flags().StringVar(&amount, "amount", "", "euros, such as 39.50; left out: what is due")
	c.Flags().StringVar(&p.On, "on", "", "the day on which it came (default: today)")
	c.Flags().StringVar(&p.How, "method", "", "transfer (default), cheque, card, cash or debit")
	c.Flags().StringVar(&p.Note, "note", "", "a word about it")
	c.Flags().BoolVar(&p.KeepRest, "keep-rest", false, "what is more than is due waits for another invoice of the client")
	againFlag(c, &p.Again)
	cobra.CheckErr(c.RegisterFlagCompletionFunc("method", cobra.FixedCompletions(texts(billing.Methods), cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func newPaymentList(e *env) *cobra.Command {
	var of string
	c := &cobra.Command{
		Use:   "list",
		Short: "List payments",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Payments(c.Context(), of)
			if err != nil {
				return err
			}
			return e.printPayments(list, list)
		}),
	}
	e.clientFlag(c, &of)
	return c
}

// clientFlag narrows a list to one client.
func (e *env) clientFlag(c *cobra.Command, of *string) {
	c.Flags().StringVar(of, "client", "", "of this client alone")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeFlag(clientIDs)))
}

func newPaymentShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "show PAYMENT",
		Short: "Show a payment",
		Args:  cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			p, err := client.Payment(c.Context(), strings.ToUpper(args[0]))
			if err != nil {
				return err
			}
			return e.printPayments([]api.Payment{p}, p)
		}),
	}
}

func newPaymentUse(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "use PAYMENT INVOICE",
		Short:   "Give what is left of a payment to another invoice of the client",
		Example: "  accolade payment use P000012 F2026-0009",
		Args:    cobra.ExactArgs(2),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			p, err := client.UsePayment(c.Context(), strings.ToUpper(args[0]), strings.ToUpper(args[1]))
			if err != nil {
				return err
			}
			return e.printPayments([]api.Payment{p}, p)
		}),
	}
}

func newPaymentUndo(e *env) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "undo PAYMENT --reason WHY",
		Short: "Make a payment count no longer",
		Long: `Make a payment count no longer: its invoices are open again. A movement of the bank
that it was made of waits again in accolade statement proposals. What the bank itself
took back is better confirmed there.`,
		Example: `  accolade payment undo P000012 --reason "it was for F2026-0009"`,
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			id := strings.ToUpper(args[0])
			if err := e.confirm("payment "+id+" will not count any more", id); err != nil {
				return err
			}
			p, err := client.UndoPayment(c.Context(), id, reason)
			if err != nil {
				return err
			}
			return e.printPayments([]api.Payment{p}, p)
		}),
	}
	c.Flags().StringVar(&reason, "reason", "", "why")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	return c
}

func newPaymentDue(e *env) *cobra.Command {
	var of string
	var all bool
	c := &cobra.Command{
		Use:   "due",
		Short: "List the invoices that are not paid",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Receivables(c.Context(), of, all)
			if err != nil {
				return err
			}
			t := newTable("invoice", "client", "due", "late#", "total#", "paid#", "left#", "collected by")
			for _, r := range list {
				late := ""
				if r.Late > 0 && r.Left > 0 {
					late = fmt.Sprintf("%d days", r.Late)
				}
				t.add(r.Invoice, r.Name, r.Due, late, e.euros(r.Total), e.euros(r.Paid), e.euros(r.Left), r.Debit)
			}
			return e.print(list, t)
		}),
	}
	e.clientFlag(c, &of)
	c.Flags().BoolVar(&all, "all", false, "also what is paid")
	return c
}

func newPaymentAgeing(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "ageing",
		Short: "Show what clients owe, by how late it is",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			a, err := client.Ageing(c.Context())
			if err != nil {
				return err
			}
			t := newTable("client", "not due#", "1-30 days#", "31-60#", "61-90#", "over 90#", "unused#", "owed#")
			row := func(name any, x billing.Age) {
				t.add(name, e.euros(x.NotDue), e.euros(x.To30), e.euros(x.To60), e.euros(x.To90), e.euros(x.Over90), e.euros(-x.Unused), e.euros(x.Sum))
			}
			for _, x := range a.Clients {
				row(x.Name, x)
			}
			if e.output != "csv" {
				row(cell{"total on " + a.On, bold}, a.Total)
			}
			return e.print(a, t)
		}),
	}
}

func newPaymentAccount(e *env) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:               "account CLIENT",
		Short:             "Show the statement of a client: invoices, payments, balance",
		Example:           "  accolade payment account kerlann --from 2026-01-01",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			a, err := client.ClientAccount(c.Context(), args[0], from)
			if err != nil {
				return err
			}
			t := newTable("day", "what", "text", "owes#", "paid#", "balance#")
			if a.Before != 0 {
				t.add(a.From, "", "balance before", "", "", e.euros(a.Before))
			}
			for _, p := range a.Postings {
				t.add(p.On, p.What, p.Text, e.amount(p.Debit), e.amount(p.Credit), e.euros(p.Balance))
			}
			if e.output != "csv" {
				t.add(cell{"balance", bold}, "", a.Name, "", "", cell{a.Balance.String(), bold})
			}
			return e.print(a, t)
		}),
	}
	c.Flags().StringVar(&from, "from", "", "first day; what was before is one line")
	return c
}

func newPaymentReckon(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "reckon",
		Short: "Add up what invoices are due from the beginning, and mend what is wrong",
		Long: `Add up invoices, credit notes, payments and direct debits from the beginning, and write
what is due anew where it is something else. accolade doctor compares without mending.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			wrong, err := client.Reckon(c.Context())
			if err != nil {
				return err
			}
			t := newTable("invoice", "was wrong")
			for _, m := range wrong {
				t.add(m.Invoice, m.What)
			}
			t.note = fmt.Sprintf("%d were wrong, and are mended.", len(wrong))
			return e.print(wrong, t)
		},
	}
}

// amount is empty for nothing.
func (e *env) amount(c money.Cents) string {
	if c == 0 {
		return ""
	}
	return e.euros(c)
}

func upper(args []string) []string {
	var out []string
	for _, a := range args {
		out = append(out, strings.ToUpper(a))
	}
	return out
}

func (e *env) printPayments(list []api.Payment, v any) error {
	t := newTable("payment", "client", "on", "method", "amount#", "for", "rest#", "note")
	for _, p := range list {
		note := p.Note
		if p.Undone != nil {
			note = strings.TrimSpace(note + " undone on " + p.Undone.On.String() + ": " + p.Undone.Reason)
		}
		t.add(p.ID, p.Client, p.On, string(p.How), e.euros(p.Amount), parts(p.Parts), e.amount(p.Rest()), note)
	}
	return e.print(v, t)
}

// parts are `F2026-0001 299.52, F2026-0003 10.00`; one alone goes without its amount.
func parts(list []match.Part) string {
	var words []string
	for _, x := range list {
		words = append(words, x.Invoice+" "+x.Amount.Decimal())
	}
	if len(list) == 1 {
		return list[0].Invoice
	}
	return strings.Join(words, ", ")
}
