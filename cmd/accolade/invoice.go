package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newInvoiceCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "invoice",
		Short: "Invoices that were issued, and credit notes",
		Long: `An invoice is issued when its month is finalised, and never changes. What was wrong is
taken back by a credit note, in full or in part; accolade invoice replace also has the
month billed anew. Each has a PDF that carries its XML (Factur-X).

Amounts are euros in tables and integer cents in JSON; those of a credit note are what
it takes back.`,
	}
	c.AddCommand(newInvoiceList(e), newInvoiceShow(e), newInvoiceDocument(e), newInvoiceXML(e), newInvoiceSend(e), newInvoiceDeposit(e), newInvoiceAnswer(e), newInvoiceCredit(e), newInvoiceReplace(e), newInvoiceValidate(e))
	return c
}

func newInvoiceList(e *env) *cobra.Command {
	var of, month string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List invoices and credit notes",
		Example: "  accolade invoice list --client kerlann\n  accolade invoice list --month 2026-09",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			list, err := client.Invoices(c.Context(), of, month)
			if err != nil {
				return err
			}
			t := newTable("number", "date", "client", "total#", "left#", "due", "corrects")
			for _, r := range list {
				left := e.euros(r.Left)
				if r.Type == billing.CreditNote {
					left = ""
				}
				t.add(r.Number, r.Date, r.Name, e.euros(r.Total), left, r.Due, r.Corrects)
			}
			return e.print(list, t)
		},
	}
	e.clientFlag(c, &of)
	c.Flags().StringVar(&month, "month", "", "dated in this month alone, such as 2026-09")
	return c
}

func newInvoiceShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show NUMBER",
		Short:             "Show an invoice or a credit note with its lines",
		Example:           "  accolade invoice show F2026-0001",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(invoiceNumbers),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			inv, err := client.Invoice(c.Context(), strings.ToUpper(args[0]))
			if err != nil {
				return err
			}
			return e.printInvoice(inv)
		},
	}
}

func invoiceNumbers(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Invoices(c.Context(), "", "")
	return names(list, func(r api.InvoiceRow) string { return r.Number }), err
}

func newInvoiceDocument(e *env) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "document NUMBER --to FILE|DIR",
		Short: "Write the PDF of an invoice",
		Long: `Write the PDF of an invoice or a credit note, which carries its XML (Factur-X). A
folder gets NUMBER.pdf; a file of the same name is replaced.`,
		Example:           "  accolade invoice document F2026-0001 --to ~/factures",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(invoiceNumbers),
		RunE: func(c *cobra.Command, args []string) error {
			number := strings.ToUpper(args[0])
			client, err := e.controller()
			if err != nil {
				return err
			}
			return e.save(to, number+".pdf", func(w io.Writer) error { return client.Paper(c.Context(), number, w) })
		},
	}
	c.Flags().StringVar(&to, "to", "", "file, or folder")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	return c
}

// save fetches a file to where it is wanted: under its name if that is a folder.
func (e *env) save(to, name string, fetch func(io.Writer) error) error {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, name)
	}
	if err := wholefile.Write(wholefile.OS, to, fetch); err != nil {
		return err
	}
	info, err := os.Stat(to)
	if err != nil {
		return err
	}
	t := newTable("file", "bytes#")
	t.add(to, info.Size())
	return e.print(map[string]any{"file": to, "bytes": info.Size()}, t)
}

func newInvoiceXML(e *env) *cobra.Command {
	var to string
	var ubl bool
	c := &cobra.Command{
		Use:   "xml NUMBER",
		Short: "The XML of an invoice, on standard output or in a file",
		Long: `The invoice for machines by EN 16931: as CII, the very bytes that its PDF carries, or
with --ubl as UBL 2.1. Without --to it goes to standard output as it is.`,
		Example:           "  accolade invoice xml F2026-0001 > F2026-0001.xml\n  accolade invoice xml A2026-0001 --ubl --to avoir.xml",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(invoiceNumbers),
		RunE: func(c *cobra.Command, args []string) error {
			number, syntax := strings.ToUpper(args[0]), "cii"
			if ubl {
				syntax = "ubl"
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			fetch := func(w io.Writer) error { return client.InvoiceXML(c.Context(), number, syntax, w) }
			if to == "" {
				return fetch(e.stdout)
			}
			return e.save(to, number+".xml", fetch)
		},
	}
	c.Flags().BoolVar(&ubl, "ubl", false, "as UBL 2.1 instead of CII")
	c.Flags().StringVar(&to, "to", "", "file, or folder")
	return c
}

func (e *env) printInvoice(inv api.Invoice) error {
	t := newTable("line", "for", "what", "quantity#", "price#", "vat#", "net#")
	for i, l := range inv.Lines {
		t.add(i+1, l.For, l.Title+": "+l.Detail, quantity(l), l.Price.Decimal(), l.Rate.Decimal()+" %", e.euros(l.Net))
	}
	for _, d := range inv.Discounts {
		t.add("", "", "discount: "+d.Reason, "", "", d.Rate.Decimal()+" %", e.euros(-d.Net))
	}
	for _, d := range inv.Deposits {
		t.add("", "", "deposit: "+d.Number, "", "", d.Rate.Decimal()+" %", e.euros(-d.Net))
	}
	var notes []string
	due := fmt.Sprintf("%s, %s, due %s", inv.Number, inv.Client.Name, inv.Due)
	if c := inv.Corrects; c != nil {
		due = fmt.Sprintf("%s, %s, of %s", inv.Number, inv.Client.Name, inv.Date)
		notes = append(notes, fmt.Sprintf("It takes back %s of %s: %s", c.Number, c.Date, c.Reason))
	}
	if len(inv.Deposits) > 0 {
		notes = append(notes, fmt.Sprintf("With deposits taken off, %s is left to pay.", inv.Payable()))
	}
	if d := inv.Deposit; d != nil {
		for _, h := range d.History {
			notes = append(notes, strings.TrimSuffix(fmt.Sprintf("Platform: %s on %s, %s", h.State, h.On, h.Why), ", "))
		}
	}
	for _, c := range inv.Credits {
		notes = append(notes, fmt.Sprintf("%s of %s takes back %s.", c.Number, c.On, c.Amount))
	}
	if e.output != "csv" {
		t.add(cell{"total", bold}, "", due, "", "", "+ "+inv.Tax.String(), cell{inv.Total.String(), bold})
	}
	t.note = strings.Join(notes, "\n")
	return e.print(inv, t)
}
