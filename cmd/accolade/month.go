package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newMonthCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "month",
		Short: "Months and their invoices",
		Long: `A month is previewed as often as you like, and finalised once: its drafts become
invoices with numbers, and nothing changes them after that. What comes to light later
about a finalised month stands as a line of its own on the next invoice.

Amounts are euros in tables and integer cents in JSON.`,
	}
	c.AddCommand(newMonthPreview(e), newMonthFinalise(e), newMonthSend(e), newMonthStatus(e), newMonthShow(e), newMonthList(e), newMonthExport(e))
	return c
}

func newMonthPreview(e *env) *cobra.Command {
	var soFar bool
	c := &cobra.Command{
		Use:     "preview MONTH",
		Aliases: []string{"draft"},
		Short:   "Show what a month comes to",
		Example: "  accolade month preview 2026-09\n  accolade month preview 2026-10 --so-far",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			m, err := client.Month(c.Context(), args[0], soFar)
			if err != nil {
				return err
			}
			return e.printMonth(m)
		}),
	}
	c.Flags().BoolVar(&soFar, "so-far", false, "look at a month that has not ended, up to today")
	return c
}

func newMonthFinalise(e *env) *cobra.Command {
	var detach *bool
	c := &cobra.Command{
		Use:   "finalise MONTH",
		Short: "Make a month's drafts invoices, for good",
		Long: `Make a month's drafts invoices: numbers are taken, contents frozen, papers written.
There is no way back but a credit note. A month that is finalised already is shown as
it is. Refused while an earlier month is open, while the month has not ended, and
while the seller: settings lack what the law wants on an invoice.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			before, err := client.Month(c.Context(), args[0], false)
			if err != nil {
				return err
			}
			if before.Finalised != nil {
				e.say("%s was finalised on %s by %s; nothing was changed", before.Month, e.when(before.Finalised.At), before.Finalised.By)
				return e.printMonth(before)
			}
			if err := e.confirm(fmt.Sprintf("%d invoices over %s will be issued and can never be changed", due(before), before.Total), before.Month); err != nil {
				return err
			}
			op, err := client.Finalise(c.Context(), args[0])
			if err != nil {
				return err
			}
			if err := e.watch(c, client, op, *detach); err != nil || *detach {
				return err
			}
			m, err := client.Month(c.Context(), args[0], false)
			if err != nil {
				return err
			}
			return e.printMonth(m)
		}),
	}
	detach = detachFlag(c)
	return c
}

// due counts the drafts that have something to invoice.
func due(m api.MonthView) int {
	n := 0
	for _, inv := range m.Invoices {
		if len(inv.Lines) > 0 {
			n++
		}
	}
	return n
}

func newMonthShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "show MONTH|NUMBER",
		Short:   "Show a finalised month, or one invoice with its lines",
		Example: "  accolade month show 2026-09\n  accolade month show F2026-0001",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if first := strings.ToUpper(args[0][:min(1, len(args[0]))]); first == "F" || first == "A" {
				inv, err := client.Invoice(c.Context(), strings.ToUpper(args[0]))
				if err != nil {
					return err
				}
				return e.printInvoice(inv)
			}
			m, err := client.Month(c.Context(), args[0], false)
			if err != nil {
				return err
			}
			if m.Finalised == nil {
				return &failure{what: m.Month + " is not finalised", fix: "accolade month preview " + m.Month + " shows what it comes to", code: exitRefused}
			}
			return e.printMonth(m)
		}),
	}
}

func newMonthList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the finalised months",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Months(c.Context())
			if err != nil {
				return err
			}
			t := newTable("month", "invoices#", "net#", "vat#", "total#", "finalised", "by")
			for _, m := range list {
				t.add(m.Month, len(m.Invoices), e.euros(m.Net), e.euros(m.Tax), e.euros(m.Total), e.when(m.At), m.By)
			}
			return e.print(list, t)
		}),
	}
}

func newMonthExport(e *env) *cobra.Command {
	var to string
	var comma bool
	c := &cobra.Command{
		Use:   "export MONTH --to DIR",
		Short: "Write a finalised month's papers and sheets into a folder",
		Long: `Write the PDF of each invoice, invoices-MONTH.csv and lines-MONTH.csv (UTF-8, separated
by ;) into a folder. Files of the same names are replaced. With -o json the month
itself goes to standard output. For the accountant's forms: accolade export month.`,
		Example: "  accolade month export 2026-09 --to ~/factures/2026-09",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			m, err := client.Month(c.Context(), args[0], false)
			if err != nil {
				return err
			}
			if m.Finalised == nil {
				return &failure{what: m.Month + " is not finalised, so there is nothing to export", fix: "accolade month finalise " + m.Month, code: exitRefused}
			}
			files, err := papers(c.Context(), client, m, to, comma)
			if err != nil {
				return err
			}
			if e.output == "json" || e.output == "yaml" {
				return e.print(m, nil)
			}
			t := newTable("file", "bytes#")
			for _, f := range files {
				t.add(f.name, f.size)
			}
			return e.print(files, t)
		}),
	}
	c.Flags().StringVar(&to, "to", "", "folder; made if it is not there")
	c.Flags().BoolVar(&comma, "decimal-comma", false, "299,52 instead of 299.52 in the sheets")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	cobra.CheckErr(c.MarkFlagDirname("to"))
	return c
}

// exported is a file that was written.
type exported struct {
	name string
	size int64
}

func papers(ctx context.Context, client *api.Client, m api.MonthView, dir string, comma bool) ([]exported, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var files []exported
	save := func(name string, fetch func(io.Writer) error) error {
		path := filepath.Join(dir, name)
		if err := wholefile.Write(wholefile.OS, path, fetch); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o644); err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err == nil {
			files = append(files, exported{path, info.Size()})
		}
		return err
	}
	for _, inv := range m.Invoices {
		if err := save(inv.Number+".pdf", func(w io.Writer) error { return client.Paper(ctx, inv.Number, w) }); err != nil {
			return nil, err
		}
	}
	sheets := api.Manifest{Period: m.Month, Format: export.CSV, DecimalComma: comma}
	for _, name := range []string{"invoices-" + m.Month + ".csv", "lines-" + m.Month + ".csv"} {
		if err := save(name, func(w io.Writer) error { return client.ExportFile(ctx, sheets, name, w) }); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (e *env) printMonth(m api.MonthView) error {
	t := newTable("invoice", "client", "contract", "net#", "vat#", "total#", "due")
	for _, inv := range m.Invoices {
		number := inv.Number
		if number == "" {
			number = "draft"
		}
		t.add(number, inv.Client.Name, inv.Contract, e.euros(inv.Net), e.euros(inv.Tax), e.euros(inv.Total), inv.Due)
	}
	net, tax, total := m.Net, m.Tax, m.Total
	for _, inv := range m.Deposits {
		t.add(inv.Number, inv.Client.Name, inv.Contract, e.euros(inv.Net), e.euros(inv.Tax), e.euros(inv.Total), inv.Due)
		net, tax, total = net+inv.Net, tax+inv.Tax, total+inv.Total
	}
	for _, inv := range m.Invoices {
		for _, d := range inv.Deposits { // invoiced before: it counts once
			t.add("deposit "+d.Number, inv.Client.Name, inv.Contract, e.euros(-d.Net), e.euros(-d.Tax), e.euros(-d.Total), "")
			net, tax, total = net-d.Net, tax-d.Tax, total-d.Total
		}
	}
	for _, note := range m.Notes { // it counts where it was issued
		t.add(note.Number, note.Client.Name, note.Contract, e.euros(-note.Net), e.euros(-note.Tax), e.euros(-note.Total), "")
		net, tax, total = net-note.Net, tax-note.Tax, total-note.Total
	}
	if e.output != "csv" { // a spreadsheet sums by itself
		t.add(cell{"total", bold}, "", "", net, tax, cell{total.String(), bold}, "")
	}
	var notes []string
	if m.SoFar != "" {
		notes = append(notes, "So far: the month up to "+m.SoFar+".")
	}
	for _, inv := range m.Invoices {
		if inv.Held != 0 {
			notes = append(notes, fmt.Sprintf("%s: a credit of %s waits for an invoice that can carry it.", inv.Contract, -inv.Held))
		}
	}
	if m.First != "" {
		notes = append(notes, m.First+" has to be finalised first; until then this is what will come if nothing changes.")
	}
	if len(m.Missing) > 0 {
		notes = append(notes, "It cannot be finalised before these settings are there: "+strings.Join(m.Missing, ", ")+".")
	}
	for _, why := range m.Unready {
		notes = append(notes, "It cannot be finalised yet: "+why)
	}
	t.note = strings.Join(notes, "\n")
	return e.print(m, t)
}

// euros is an amount as it is drawn: with the currency for people, a bare number
// for spreadsheets.
func (e *env) euros(c money.Cents) string {
	if e.output == "csv" {
		return c.Decimal()
	}
	return c.String()
}

// quantity of minutes is read as hours.
func quantity(l billing.Line) string {
	if l.Unit == billing.Minute {
		return strings.ReplaceAll(billing.HoursWords(l.Quantity), "\u00a0", " ")
	}
	return fmt.Sprint(l.Quantity)
}
