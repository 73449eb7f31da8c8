package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newLetterCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "letter",
		Short: "Letters to clients: of a month, and before a renewal",
		Long: `A letter is made anew each time from what is known: as paper (PDF, two pages at most), as
a mail (HTML), and as plain words on standard output. It is in French. A note of work
that is private never stands in it. Nothing is sent from here: accolade month send brings
the letter of the month with the invoice.`,
	}
	c.AddCommand(newLetterMonth(e), newLetterRenewal(e))
	return c
}

func newLetterMonth(e *env) *cobra.Command {
	var files letterFiles
	c := &cobra.Command{
		Use:   "month CLIENT MONTH",
		Short: "The letter about a month that has ended",
		Long: `Hours used and left, with the warning at 75 and at 100 % of what is included; what was
done; backups and their last proof; incidents; the term and the client's shares; what is
planned and what the next invoice will be. What has no room in two pages is summed up in
a sentence.`,
		Example:           "  accolade letter month kerlann 2026-10 --pdf lettre.pdf --html lettre.html",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			l, err := client.MonthLetter(c.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return e.printLetter(l, files)
		}),
	}
	files.flags(c)
	return c
}

func newLetterRenewal(e *env) *cobra.Command {
	var files letterFiles
	c := &cobra.Command{
		Use:   "renewal CLIENT",
		Short: "The letter before a term ends",
		Long: `What changes at the renewal by the price list, or by the indexation that was agreed, and
until when notice can be given. It renews nothing: accolade contract renew does.`,
		Example:           "  accolade letter renewal kerlann --pdf renouvellement.pdf",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			l, err := client.RenewalLetter(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printLetter(l, files)
		}),
	}
	files.flags(c)
	return c
}

// letterFiles are where the forms of a letter go.
type letterFiles struct{ pdf, html string }

func (f *letterFiles) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.pdf, "pdf", "", "write the paper into this file")
	c.Flags().StringVar(&f.html, "html", "", "write the mail into this file")
}

// printLetter writes the files, or the words where none is asked for.
func (e *env) printLetter(l api.Letter, files letterFiles) error {
	for _, f := range []struct {
		name    string
		content []byte
	}{{files.pdf, l.PDF}, {files.html, []byte(l.HTML)}} {
		if f.name == "" {
			continue
		}
		if err := wholefile.Write(wholefile.OS, f.name, func(w io.Writer) error { _, err := w.Write(f.content); return err }); err != nil {
			return err
		}
	}
	if e.output == "table" && files == (letterFiles{}) {
		_, err := fmt.Fprint(e.stdout, l.Text)
		return err
	}
	t := newTable("client", "subject", "pages#", "pdf", "html")
	t.add(l.Client, l.Subject, l.Pages, files.pdf, files.html)
	return e.print(l, t)
}
