package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/match"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

func newStatementCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "statement",
		Short: "Statements of the bank: from movements to payments",
		Long: `A statement of the bank (camt.053.001.08 or .02, or a camt.054.001.08 of returned
debits) is read as often as you like: each movement counts once. What it may be about
is proposed with a score, up to 100, and its reasons; only you confirm. A movement is
named by the beginning of its ID.`,
	}
	c.AddCommand(newStatementImport(e), newStatementProposals(e), newStatementConfirm(e), newStatementIgnore(e), newStatementList(e), newStatementShow(e))
	return c
}

func newStatementImport(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "import FILE…",
		Short:   "Read files of the bank, each in full or not at all",
		Example: "  accolade statement import ~/banque/releve-2026-11.xml",
		Args:    cobra.MinimumNArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			t := newTable("file", "statement", "from", "to", "movements#", "sum#", "new#", "known#")
			var all []api.Imported
			for _, name := range args {
				in, err := importStatement(c, client, name)
				if err != nil {
					return err
				}
				all = append(all, in)
				for i, s := range in.Statements {
					fresh, known := "", ""
					if i == 0 {
						fresh, known = fmt.Sprint(in.New), fmt.Sprint(in.Known)
					}
					t.add(name, s.ID, s.From, s.To, s.Movements, e.euros(s.Sum), fresh, known)
				}
			}
			t.note = "accolade statement proposals shows what they may be about."
			return e.print(all, t)
		}),
	}
}

func importStatement(c *cobra.Command, client *api.Client, name string) (api.Imported, error) {
	if info, err := os.Stat(name); err == nil && info.Size() > sepa.MostStatement {
		return api.Imported{}, &failure{what: fmt.Sprintf("%s has %d bytes, and a statement at most %d", name, info.Size(), sepa.MostStatement), fix: "ask the bank for shorter periods", code: exitRefused}
	}
	b, err := readNamed(name, "name a statement as the bank gives it: camt.053 or camt.054, an XML file")
	if err != nil {
		return api.Imported{}, err
	}
	return client.ImportStatement(c.Context(), b)
}

func newStatementProposals(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "proposals",
		Short: "Show what each open movement may be about",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Proposals(c.Context())
			if err != nil {
				return err
			}
			return e.printReadings(list, list)
		}),
	}
}

func newStatementShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "show MOVEMENT",
		Short: "Show a movement and what it may be about",
		Args:  cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			r, err := client.Reading(c.Context(), args[0])
			if err != nil {
				return err
			}
			if r.Movement.State != "open" {
				return e.printMovements([]api.Movement{r.Movement}, r)
			}
			return e.printReadings([]api.Readings{r}, r)
		}),
	}
}

func newStatementConfirm(e *env) *cobra.Command {
	var k api.Choice
	var best bool
	c := &cobra.Command{
		Use:   "confirm MOVEMENT [INVOICE…]",
		Short: "Book a movement as what it is",
		Long: `Book a movement as what it is: a payment of the invoices that are named, the money of
a batch of direct debits, or a payment that the bank took back. --first takes the first
proposal; one with a rest needs --keep-rest beside it.`,
		Example: `  accolade statement confirm 3F2A F2026-0001 F2026-0003
  accolade statement confirm 3F2A --first
  accolade statement confirm 77B1 --batch DEBIT-000001-2
  accolade statement confirm 90C4 --returned P000012`,
		Args: cobra.MinimumNArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if k.Invoices = upper(args[1:]); best {
				if len(k.Invoices) > 0 || k.Batch != "" || k.Payment != "" {
					return usage(c, fmt.Errorf("--first stands alone: the proposal says what the movement is"))
				}
				r, err := client.Reading(c.Context(), args[0])
				if err != nil {
					return err
				}
				if !first(r, &k) {
					return &failure{what: "there is no proposal for movement " + r.Movement.ID, fix: "say what it is, or: accolade statement ignore " + r.Movement.ID + " --reason WHY", code: exitRefused}
				}
			}
			m, err := client.ConfirmMovement(c.Context(), args[0], k)
			if err != nil {
				return err
			}
			return e.printMovements([]api.Movement{m}, m)
		}),
	}
	c.Flags().BoolVar(&best, "first", false, "what the first proposal says")
	c.Flags().BoolVar(&k.KeepRest, "keep-rest", false, "what is more than is due waits for another invoice of the client")
	c.Flags().BoolVar(&k.Again, "again", false, "book it though the same payment was recorded by hand")
	c.Flags().StringVar(&k.Batch, "batch", "", "the batch of direct debits whose money it is")
	c.Flags().StringVar(&k.Payment, "returned", "", "the payment that the bank took back with it")
	return c
}

// first takes the first proposal for a movement.
func first(r api.Readings, k *api.Choice) bool {
	switch {
	case len(r.Batches) > 0:
		k.Batch = r.Batches[0].ID
	case len(r.Returns) > 0:
		k.Payment = r.Returns[0].Payment
	case len(r.Payments) > 0:
		for _, x := range r.Payments[0].Parts {
			k.Invoices = append(k.Invoices, x.Invoice)
		}
	default:
		return false
	}
	return true
}

func newStatementIgnore(e *env) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:     "ignore MOVEMENT --reason WHY",
		Short:   "Close a movement that is about something else",
		Example: `  accolade statement ignore 3F2A --reason "loyer"`,
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			m, err := client.IgnoreMovement(c.Context(), args[0], reason)
			if err != nil {
				return err
			}
			return e.printMovements([]api.Movement{m}, m)
		}),
	}
	c.Flags().StringVar(&reason, "reason", "", "what it is")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	return c
}

func newStatementList(e *env) *cobra.Command {
	var state string
	c := &cobra.Command{
		Use:   "list",
		Short: "List movements on the bank account",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Movements(c.Context(), state)
			if err != nil {
				return err
			}
			return e.printMovements(list, list)
		}),
	}
	c.Flags().StringVar(&state, "state", "", "open, booked, back or ignored (default: all)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"open", "booked", "back", "ignored"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func (e *env) printMovements(list []api.Movement, v any) error {
	t := newTable("movement", "day", "amount#", "name", "text", "state", "as")
	for _, m := range list {
		as := strings.Join(append(append([]string{}, m.Payments...), m.Debit, m.Note), " ")
		t.add(m.ID, m.Booked, e.euros(m.Amount), m.Name, m.Text, string(m.State), strings.TrimSpace(as))
	}
	return e.print(v, t)
}

func (e *env) printReadings(list []api.Readings, v any) error {
	t := newTable("movement", "day", "amount#", "name", "score#", "proposal", "because")
	for _, r := range list {
		m := r.Movement
		head := []any{m.ID, m.Booked, e.euros(m.Amount), m.Name}
		row := func(score any, what, because string) {
			t.add(append(head, score, what, because)...)
			head = []any{"", "", "", ""}
		}
		for _, b := range r.Batches {
			row(100, "batch "+b.ID, "is its sum")
		}
		for _, b := range r.Returns {
			row(b.Score, "returned "+b.Payment, strings.Join(b.Reasons, ", "))
		}
		for _, p := range r.Payments {
			row(p.Score, proposed(p), strings.Join(p.Reasons, ", "))
		}
		if head[0] != "" {
			row("", "none", m.Text)
		}
	}
	return e.print(v, t)
}

func proposed(p match.Proposal) string {
	what := parts(p.Parts)
	if p.Rest > 0 {
		what += ", rest " + p.Rest.Decimal()
	}
	return what
}
