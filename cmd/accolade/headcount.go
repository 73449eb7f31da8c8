package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newHeadcountCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "headcount",
		Short: "Accounts on clients' servers beside the headcounts that are billed",
		Long: `Each morning the controller asks the servers who has an account there, and compares with
the headcount that is billed. A difference is a proposal with the first day on which it
was seen: a human accepts it or says no; nothing is booked by itself. A difference that
goes away closes its proposal. Our own first admin never counts; shared accounts and
machines are left out by accolade headcount leave-out. Where several contracts share a
server, as on an island, each has its accounts in a group: accolade headcount group.`,
	}
	c.AddCommand(newHeadcountList(e), newHeadcountShow(e), newHeadcountCheck(e), newHeadcountAccept(e), newHeadcountDismiss(e), newHeadcountLeaveOut(e), newHeadcountGroup(e))
	return c
}

func newHeadcountList(e *env) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the changes that are proposed",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			seen, err := client.Headcounts(c.Context())
			if err != nil {
				return err
			}
			proposed := []api.SeenHeadcount{}
			for _, h := range seen {
				if all || h.Proposed != nil {
					proposed = append(proposed, h)
				}
			}
			return e.printHeadcounts(proposed)
		}),
	}
	c.Flags().BoolVar(&all, "all", false, "those that do not differ, or were dismissed, too")
	return c
}

func newHeadcountShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show CLIENT",
		Short:             "Show who has an account, and what became of the difference",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.Contract(c.Context(), args[0])
			if err != nil {
				return err
			}
			seen, err := client.Headcounts(c.Context())
			if err != nil {
				return err
			}
			for _, h := range seen {
				if h.Contract == k.ID {
					return e.printHeadcount(h, k)
				}
			}
			return fmt.Errorf("nobody has looked at the servers of %s: accolade headcount check %s", k.ID, k.Client)
		}),
	}
}

func newHeadcountCheck(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "check [CLIENT]",
		Short: "Ask the servers now, of one client or of all",
		Long: `Asks the servers through their guest agents and compares. A server that does not answer,
or on whose box an operation works, is told; its client's proposal stays as it was.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			seen, err := client.CheckHeadcounts(c.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			for _, h := range seen {
				if h.Unseen != "" {
					e.say("%s could not be seen: %s", h.Contract, h.Unseen)
				}
			}
			return e.printHeadcounts(seen)
		}),
	}
}

func newHeadcountAccept(e *env) *cobra.Command {
	var a api.HeadcountAnswer
	c := &cobra.Command{
		Use:   "accept CLIENT",
		Short: "Book the headcount as it was seen, from the first day on",
		Long: `Books each count from the first day on which it was seen, or the present one from a day
of your own. What lies in a month that was invoiced comes on the next invoice.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.AcceptHeadcount(c.Context(), args[0], a)
			if err != nil {
				return err
			}
			return e.printContract(k)
		}),
	}
	c.Flags().StringVar(&a.From, "from", "", "the present count from this day on (default: each from the first day it was seen)")
	c.Flags().BoolVar(&a.Force, "force", false, "allow more than 25 employees")
	c.Flags().StringVar(&a.Note, "note", "", "why more than 25 is right, for the audit")
	return c
}

func newHeadcountDismiss(e *env) *cobra.Command {
	var a api.HeadcountAnswer
	c := &cobra.Command{
		Use:   "dismiss CLIENT --reason TEXT",
		Short: "Say that the headcount that is billed is right",
		Long: `The same count is not proposed again. Another one is, and so is this one after the
difference had gone away.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			h, err := client.DismissHeadcount(c.Context(), args[0], a)
			if err != nil {
				return err
			}
			return e.printHeadcounts([]api.SeenHeadcount{h})
		}),
	}
	c.Flags().StringVar(&a.Reason, "reason", "", "why")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	return c
}

func newHeadcountLeaveOut(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "leave-out CLIENT [ACCOUNT…]",
		Short: "Say which accounts are no employees: shared ones, machines, ours",
		Long: `Names all accounts of the client's servers that do not count; what was said before is
replaced, and no account is left out when none is named. It counts from the next look on.`,
		Example:           "  accolade headcount leave-out kerlann accueil scanner",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.LeaveOut(c.Context(), args[0], api.LeftOut{Accounts: append([]string{}, args[1:]...)})
			if err != nil {
				return err
			}
			return e.printContract(k)
		}),
	}
}

func newHeadcountGroup(e *env) *cobra.Command {
	var g api.AccountGroup
	var none bool
	c := &cobra.Command{
		Use:   "group CLIENT --server NAME --group GROUP",
		Short: "Say which accounts of a shared server are a client's",
		Long: `Where several contracts share one server, as the sole traders of an island do, the accounts
of each are put into a group of its own (YunoHost's web admin: Users, Manage groups), and
this command names it. The members of the group are that contract's accounts, and count
for no other one. An account in the groups of two contracts is nobody's until it is taken
out of one, and no change is proposed for either. It counts from the next look on.`,
		Example:           "  accolade headcount group yann --server ilot --group yann\n  accolade headcount group yann --none",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.GroupAccounts(c.Context(), args[0], g)
			if err != nil {
				return err
			}
			return e.printContract(k)
		}),
	}
	c.Flags().StringVar(&g.Server, "server", "", "the server")
	c.Flags().StringVar(&g.Name, "group", "", "the group's name there")
	c.Flags().BoolVar(&none, "none", false, "it shares its servers with nobody")
	c.MarkFlagsRequiredTogether("server", "group")
	c.MarkFlagsOneRequired("group", "none")
	c.MarkFlagsMutuallyExclusive("group", "none")
	return c
}

// groupWords say where the accounts of a contract on a shared server are.
func groupWords(k api.Contract) string {
	return k.Group.Name + " on server " + k.Group.Server
}

func (e *env) printHeadcounts(all []api.SeenHeadcount) error {
	t := newTable("contract", "client", "billed#", "accounts#", "seen", "proposed since", "dismissed")
	for _, h := range all {
		since, dismissed := "", ""
		if h.Proposed != nil {
			since = h.Proposed.From.String()
		}
		if d := h.Dismissed; d != nil {
			dismissed = d.Reason
		}
		t.add(h.Contract, h.Client, h.Billed, h.Found, h.On, since, dismissed)
	}
	return e.print(all, t)
}

func (e *env) printHeadcount(h api.SeenHeadcount, k api.Contract) error {
	t := newTable("field", "value")
	t.add("contract", h.Contract)
	t.add("billed", h.Billed)
	t.add("accounts", joined(fmt.Sprint(h.Found), strings.Join(h.Accounts, " ")))
	if k.Group != nil {
		t.add("group", groupWords(k))
	}
	t.add("left out", strings.Join(k.LeftOut, " "))
	t.add("seen", h.On)
	if h.Proposed != nil {
		for _, step := range h.Steps {
			t.add("proposed", fmt.Sprintf("%d from %s", step.Count, step.From))
		}
	}
	if d := h.Dismissed; d != nil {
		t.add("dismissed", fmt.Sprintf("%d on %s, by %s: %s", d.Found, d.On, d.By, d.Reason))
	}
	return e.print(h, t)
}
