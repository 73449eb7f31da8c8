package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newMarginCommand(e *env) *cobra.Command {
	var of, svg string
	c := &cobra.Command{
		Use:   "margin",
		Short: "What contracts earn, and what is lost if a client leaves",
		Long: `What came in, what it cost (the machine over its life, hours, travel, the vault, the
relay), and what is left: to date, and on the last day that the client is committed to.
"If not renewed" is what is left if he leaves that day and the machine is never used
again; it is there from the first day. "Earns from" is the end of the month from which
on he may leave whenever he likes without a loss.

What things cost stands under costs in accoladed's configuration, and what a machine
cost is entered with accolade hardware set. docs/margin.md has the formulas.

Amounts are before tax: euros in tables, integer cents in JSON, which also holds every
month.`,
		Example: `  accolade margin
  accolade margin --client kerlann --svg kerlann.svg`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			m, err := client.Margin(c.Context(), of)
			if err != nil {
				return err
			}
			if svg != "" {
				if err := wholefile.Write(wholefile.OS, svg, func(w io.Writer) error { return client.MarginChart(c.Context(), of, w) }); err != nil {
					return err
				}
				e.say("wrote %s", svg)
			}
			if of != "" {
				return e.printMarginParts(m)
			}
			return e.printMargin(m)
		}),
	}
	e.clientFlag(c, &of)
	c.Flags().StringVar(&svg, "svg", "", "draw it into this file too: of a client's latest contract, or of all")
	return c
}

func (e *env) printMargin(m api.Margins) error {
	t := newTable("contract", "client", "since", "income#", "cost#", "margin#", "earns from", "committed to", "at the end#", "if not renewed#")
	add := func(name any, who string, x api.ContractMargin) {
		t.add(name, who, x.Since, e.euros(x.ToDate.Income), e.euros(x.ToDate.Cost()), e.euros(x.Earned), e.earns(x), x.Committed, e.euros(x.EndMargin), e.loss(x))
	}
	for _, x := range m.Contracts {
		add(x.Contract, x.Name, x)
	}
	if m.Common != nil && m.Common.ToDate != (margin.Sum{}) {
		x := *m.Common
		t.add("-", "in stock, or of nobody", "", e.euros(x.ToDate.Income), e.euros(x.ToDate.Cost()), e.euros(x.Earned), "", "", e.euros(x.EndMargin), e.loss(x))
	}
	if m.All != nil && e.output != "csv" {
		add(cell{"all on " + m.On, bold}, "", *m.All)
	}
	t.note = unequipped(m.Contracts)
	return e.print(m, t)
}

// unequipped names the contracts whose figures are too good, for want of a machine.
func unequipped(contracts []api.ContractMargin) string {
	var names []string
	for _, x := range contracts {
		if x.Machines == 0 {
			names = append(names, x.Contract)
		}
	}
	if len(names) == 0 {
		return ""
	}
	some := strings.Join(names[:min(len(names), 5)], ", ")
	if more := len(names) - 5; more > 0 {
		some += fmt.Sprintf(" and %d more", more)
	}
	return "\nWithout the cost of a machine, its place in the vault and its mail, since none is entered: " + some + ".\nEnter it with: accolade hardware set NAME --box BOX --price EUROS --age MONTHS --from DATE"
}

func (e *env) earns(x api.ContractMargin) string {
	if x.BreakEven.IsZero() {
		return "never"
	}
	return x.BreakEven.String()
}

// loss paints what would be lost.
func (e *env) loss(x api.ContractMargin) cell {
	if x.NotRenewed < 0 {
		return cell{e.euros(x.NotRenewed), red}
	}
	return cell{text: e.euros(x.NotRenewed)}
}

// printMarginParts shows the contracts of one client part by part.
func (e *env) printMarginParts(m api.Margins) error {
	t := newTable("contract", "what", "to date#", "at the end#", "note")
	for _, x := range m.Contracts {
		row := func(what string, now, end any, note string) { t.add(x.Contract, what, now, end, note) }
		row("income", e.euros(x.ToDate.Income), e.euros(x.AtEnd.Income), "")
		row("hardware", e.euros(-x.ToDate.Hardware), e.euros(-x.AtEnd.Hardware), "worn off")
		row("hours", e.euros(-x.ToDate.Hours), e.euros(-x.AtEnd.Hours), "ahead: what is left of the allowance, and the upkeep")
		row("travel", e.euros(-x.ToDate.Travel), e.euros(-x.AtEnd.Travel), "")
		row("vault", e.euros(-x.ToDate.Vault), e.euros(-x.AtEnd.Vault), "")
		row("relay", e.euros(-x.ToDate.Relay), e.euros(-x.AtEnd.Relay), "")
		row("margin", cell{e.euros(x.Earned), bold}, cell{e.euros(x.EndMargin), bold}, fmt.Sprintf("committed to %s", x.Committed))
		row("not worn off", "", e.euros(-x.Residual), "lost if the machine is not used again")
		row("if not renewed", "", e.loss(x), "earns from: "+e.earns(x))
	}
	t.note = unequipped(m.Contracts)
	return e.print(m, t)
}
