package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newContractCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "contract",
		Short: "What clients signed: offer, start, headcount, end",
		Long: `A contract is an offer in the version of the day it was signed, from a first day on.
It runs on past its term until it is ended. Where a command takes CLIENT, the
client's latest contract is meant; a contract's own ID works too.`,
	}
	c.AddCommand(newContractAdd(e), newContractHeadcount(e), newContractRenew(e), newContractEnd(e), newContractExtra(e, billing.Charge), newContractExtra(e, billing.Lowering), newContractAdvance(e), newContractList(e), newContractShow(e), newContractPDF(e))
	return c
}

func newContractAdd(e *env) *cobra.Command {
	var n api.NewContract
	c := &cobra.Command{
		Use:               "add CLIENT --offer OFFER --start DATE [--employees N]",
		Short:             "Sign a contract",
		Example:           "  accolade contract add kerlann --offer classic --start 2026-09-15 --employees 12",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			n.Client = args[0]
			k, err := client.AddContract(c.Context(), n)
			if err != nil {
				return err
			}
			e.say("contract %s signed", k.ID)
			return e.printContract(k)
		}),
	}
	c.Flags().StringVar(&n.Offer, "offer", "", "classic, island, solo, or one of your own")
	c.Flags().StringVar(&n.Start, "start", "", "first day, 2026-09-15")
	c.Flags().IntVar(&n.Employees, "employees", 0, "or seats; none for offers without a monthly price")
	c.Flags().BoolVar(&n.Force, "force", false, "allow more than 25 employees")
	c.Flags().StringVar(&n.Note, "note", "", "why more than 25 is right, for the audit")
	cobra.CheckErr(c.MarkFlagRequired("offer"))
	cobra.CheckErr(c.MarkFlagRequired("start"))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("offer", e.completeFlag(offerNames)))
	return c
}

func newContractHeadcount(e *env) *cobra.Command {
	var h api.NewHeadcount
	c := &cobra.Command{
		Use:   "headcount CLIENT N --from DATE",
		Short: "Enter how many employees count from a day on",
		Long: `Enter how many employees count from a day on, until the next entry. The day may lie
in a month that was invoiced: the difference comes as a line of its own on the next
invoice.`,
		Example:           "  accolade contract headcount kerlann 13 --from 2026-10-20",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			count, err := strconv.Atoi(args[1])
			if err != nil {
				return usage(c, fmt.Errorf("%q is no number of employees", args[1]))
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			h.Employees = count
			k, err := client.SetHeadcount(c.Context(), args[0], h)
			if err != nil {
				return err
			}
			return e.printContract(k)
		},
	}
	c.Flags().StringVar(&h.From, "from", "", "first day, 2026-10-20")
	c.Flags().BoolVar(&h.Replace, "replace", false, "put it in the place of one with the same day")
	c.Flags().BoolVar(&h.Force, "force", false, "allow more than 25 employees")
	c.Flags().StringVar(&h.Note, "note", "", "why, for the audit")
	cobra.CheckErr(c.MarkFlagRequired("from"))
	return c
}

func newContractEnd(e *env) *cobra.Command {
	var k api.ContractEnd
	c := &cobra.Command{
		Use:   "end CLIENT --on DATE",
		Short: "End a contract",
		Long: `End a contract on a day, the last that is served. Before the term the months left are
due in one line, unless the offer or --early waives them, the latter with a --reason. Where the offer has a notice
period, it runs from the day on which notice was given (--noticed); an end before it is
over wants --early too.`,
		Example:           "  accolade contract end kerlann --on 2027-09-14",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if err := e.confirm(fmt.Sprintf("The contract of %s will end on %s", args[0], k.On), args[0]); err != nil {
				return err
			}
			ended, err := client.EndContract(c.Context(), args[0], k)
			if err != nil {
				return err
			}
			return e.printContract(ended)
		}),
	}
	c.Flags().StringVar(&k.On, "on", "", "the last day, 2027-09-14")
	c.Flags().StringVar(&k.Early, "early", "", "bill or waive the months left until the term (default: as the offer says)")
	c.Flags().StringVar(&k.Reason, "reason", "", "why they are waived, where the offer bills them")
	c.Flags().StringVar(&k.Noticed, "noticed", "", "the day on which notice was given (default: today)")
	c.Flags().BoolVar(&k.Replace, "replace", false, "of an end that was entered before")
	cobra.CheckErr(c.MarkFlagRequired("on"))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("early", cobra.FixedCompletions([]string{"bill", "waive"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func newContractList(e *env) *cobra.Command {
	var of string
	c := &cobra.Command{
		Use:   "list",
		Short: "List contracts",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Contracts(c.Context(), of)
			if err != nil {
				return err
			}
			t := newTable("id", "client", "offer", "start", "term", "end", "headcount#")
			for _, k := range list {
				end := ""
				if k.Ending != nil {
					end = k.Ending.On.String()
				}
				count := ""
				if n := len(k.Headcounts); n > 0 {
					count = fmt.Sprint(k.Headcounts[n-1].Count)
				}
				t.add(k.ID, k.Client, k.Offer.Name, k.Start, k.TermEnd(), end, count)
			}
			return e.print(list, t)
		}),
	}
	c.Flags().StringVar(&of, "client", "", "of this client alone")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeFlag(clientIDs)))
	return c
}

func newContractShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show CLIENT",
		Short:             "Show a contract with its headcounts",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.Contract(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printContract(k)
		}),
	}
}

func (e *env) printContract(k api.Contract) error {
	t := newTable("field", "value")
	t.add("id", k.ID)
	t.add("client", k.Client)
	t.add("offer", offerWords(k.Offer))
	t.add("start", k.Start)
	if k.Offer.TermMonths > 0 {
		t.add("term", fmt.Sprintf("%d months, to %s", k.Offer.TermMonths, k.TermEndOn(k.Start)))
	}
	for _, r := range k.Renewals {
		words := fmt.Sprintf("from %s to %s, %s", r.From, k.TermEndOn(r.From), offerWords(r.Offer))
		if r.Indexed > 0 {
			words += fmt.Sprintf(", price indexed by %s %%", r.Indexed.Decimal())
		}
		t.add("renewal", words)
	}
	for _, h := range k.Headcounts {
		t.add("headcount", joined(fmt.Sprintf("%d from %s", h.Count, h.From), h.Note))
	}
	if k.Group != nil {
		t.add("accounts", "group "+groupWords(k))
	}
	if len(k.LeftOut) > 0 {
		t.add("no employees", strings.Join(k.LeftOut, " "))
	}
	if k.Ending != nil {
		t.add("end", joined(fmt.Sprintf("%s, months left until the term: %s", k.Ending.On, k.Ending.Early), k.Ending.Reason))
		if !k.Ending.Notice.IsZero() {
			t.add("notice", "to "+k.Ending.Notice.String())
		}
	}
	return e.print(k, t)
}

func offerWords(o api.Offer) string {
	words := fmt.Sprintf("%s version %d: ", o.Name, o.Version)
	if o.Unit != contract.NoUnit {
		words += fmt.Sprintf("%s per %s and month, ", o.Price, o.Unit)
	}
	if o.Included > 0 {
		words += fmt.Sprintf("%s included, ", o.Included)
	}
	return words + o.HourKey() + " " + o.Hour.String()
}

func newContractRenew(e *env) *cobra.Command {
	var r api.ContractRenewal
	c := &cobra.Command{
		Use:   "renew CLIENT [--from DATE]",
		Short: "Move a contract to the present version of its offer, for another term",
		Long: `A contract keeps the version of the offer that it was signed with, and runs on past its
term at that price. Renewing it is a decision of both sides: from an anniversary on, the
offer's present version holds for another term. If the version that held until then has
an indexation, the price is the contract's own, raised by it; else, or with --list-price,
it is the price list's.`,
		Example:           "  accolade contract renew kerlann --dry-run\n  accolade contract renew kerlann --yes",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			dry := r
			dry.DryRun = true
			k, err := client.RenewContract(c.Context(), args[0], dry)
			if err != nil || r.DryRun {
				if err == nil {
					err = e.printContract(k)
				}
				return err
			}
			last := k.Renewals[len(k.Renewals)-1]
			if err := e.confirm(fmt.Sprintf("The contract %s will be renewed from %s to %s at %s", k.ID, last.From, k.TermEnd(), last.Offer.Price), args[0]); err != nil {
				return err
			}
			r.From = last.From.String()
			if k, err = client.RenewContract(c.Context(), args[0], r); err != nil {
				return err
			}
			return e.printContract(k)
		},
	}
	c.Flags().StringVar(&r.From, "from", "", "an anniversary after the term (default: the first in a month that has not passed)")
	c.Flags().BoolVar(&r.ListPrice, "list-price", false, "the price list's price in spite of an indexation that was agreed")
	c.Flags().BoolVar(&r.DryRun, "dry-run", false, "show the contract as it would be, and keep nothing")
	return c
}

func newContractPDF(e *env) *cobra.Command {
	var to string
	var version int
	var anew bool
	c := &cobra.Command{
		Use:   "pdf CLIENT --to FILE|DIR",
		Short: "Write the PDF of a contract, for both sides to sign",
		Long: `Write the PDF of a contract; a folder gets CONTRACT.pdf. What it says is kept when it is
first made: names, addresses, terms, and its words (contract/fr.txt: see templates in the
configuration). Later it comes out the same, and what has changed since is told. --anew
makes the next version, which names the one that it replaces and what is different; after
a renewal it is about the new term. The earlier ones stay: --version.`,
		Example:           "  accolade contract pdf kerlann --to ~/contrats\n  accolade contract pdf kerlann --anew --to ~/contrats",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.Contract(c.Context(), args[0])
			if err != nil {
				return err
			}
			p := api.ContractPaper{}
			if p.Contract, p.Version = k.ID, version; version == 0 {
				if p, err = client.MakeContractPaper(c.Context(), k.ID, api.PaperRequest{Anew: anew}); err != nil {
					return err
				}
			}
			if p.Differs != nil {
				e.say("one made today would differ from this paper of %s: %s\nthe next version says so: accolade contract pdf %s --anew", p.Made, strings.Join(p.Differs, " "), k.Client)
			}
			return e.save(to, p.Name()+".pdf", func(w io.Writer) error { return client.ContractDocument(c.Context(), k.ID, p.Version, w) })
		}),
	}
	c.Flags().StringVar(&to, "to", "", "file, or folder")
	c.Flags().IntVar(&version, "version", 0, "this version (default: the latest)")
	c.Flags().BoolVar(&anew, "anew", false, "make the next version")
	c.MarkFlagsMutuallyExclusive("version", "anew")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	return c
}
