package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newHardwareCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "hardware",
		Short: "What machines cost, for the margin of contracts",
		Long: `A machine's price is spread over what is left of its life. A box serves the contracts of
its clients, unless they are named: the sole traders of an island share one box, each
day those whose contract runs. It changes no invoice.`,
	}
	c.AddCommand(newHardwareSet(e), newHardwareList(e), newHardwareRemove(e))
	return c
}

func newHardwareSet(e *env) *cobra.Command {
	var h api.NewHardware
	c := &cobra.Command{
		Use:   "set NAME --price EUROS --age MONTHS --from DAY",
		Short: "Enter what a machine cost, or set it right",
		Example: `  accolade hardware set kerlann --box kerlann --price 350 --age 36 --from 2026-09-15
  accolade hardware set ilot-1 --box ilot --contract maelle-1 --contract yann-1 --price 420 --age 24 --from 2026-09-01
  accolade hardware set portable-yann --contract yann-1 --price 260 --age 48 --from 2026-10-01`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(hardwareNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			got, err := client.SetHardware(c.Context(), args[0], h)
			if err != nil {
				return err
			}
			return e.printHardware([]api.Hardware{got}, got)
		}),
	}
	fs := c.Flags()
	fs.StringVar(&h.Box, "box", "", "the box that it is")
	fs.StringSliceVar(&h.Contracts, "contract", nil, "a contract that it serves; once for each (default: those of the box's clients)")
	fs.StringVar(&h.Price, "price", "", "euros before tax, as bought")
	fs.IntVar(&h.Age, "age", 0, "months since its making, on the day --from")
	fs.StringVar(&h.From, "from", "", "the day on which it came into service, such as 2026-09-15")
	fs.StringVar(&h.Until, "until", "", "the day on which it was given up")
	for _, name := range []string{"price", "age", "from"} {
		cobra.CheckErr(c.MarkFlagRequired(name))
	}
	return c
}

func hardwareNames(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Hardware(c.Context())
	return names(list, func(h api.Hardware) string { return h.Name }), err
}

func newHardwareList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the machines with what they cost",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Hardware(c.Context())
			if err != nil {
				return err
			}
			return e.printHardware(list, list)
		}),
	}
}

func newHardwareRemove(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Forget a machine that was entered by mistake",
		Long: `Forget a machine that was entered by mistake: its cost is in no margin any more. One that
is out of service stays, with --until: accolade hardware set.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(hardwareNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if err := e.confirm("what "+args[0]+" cost will be forgotten", args[0]); err != nil {
				return err
			}
			if err := client.RemoveHardware(c.Context(), args[0]); err != nil {
				return err
			}
			e.say("%s is forgotten", args[0])
			return nil
		}),
	}
}

func (e *env) printHardware(list []api.Hardware, v any) error {
	t := newTable("name", "box", "contracts", "price#", "age#", "from", "until")
	for _, h := range list {
		t.add(h.Name, h.Box, strings.Join(h.Contracts, " "), e.euros(h.Price), h.Age, h.From, h.Until)
	}
	return e.print(v, t)
}
