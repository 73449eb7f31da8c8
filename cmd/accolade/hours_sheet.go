package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newHoursExport(e *env) *cobra.Command {
	var f api.HoursFilter
	var private bool
	c := &cobra.Command{
		Use:   "export FILE.csv|FILE.xlsx",
		Short: "Write entries as a sheet that an import reads back",
		Long: `Write entries as a sheet, CSV or XLSX by the file's name; - is CSV on standard output.
A correction is not shown: the entry that is right stands there. An import of the sheet
books the same work. A file of that name is replaced.`,
		Example: `  accolade hours export 2026-10.xlsx --from 2026-10-01 --to 2026-10-31
  accolade hours export - --client kerlann`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			format := strings.TrimPrefix(strings.ToLower(filepath.Ext(args[0])), ".")
			if args[0] == "-" {
				format = "csv"
			}
			if format != "csv" && format != "xlsx" {
				return usage(c, fmt.Errorf("%s: want a name that ends in .csv or .xlsx, or - for standard output", args[0]))
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			fetch := func(w io.Writer) error { return client.HoursSheet(c.Context(), f, format, private, w) }
			if args[0] == "-" {
				return fetch(e.stdout)
			}
			return e.save(args[0], "hours."+format, fetch)
		},
	}
	e.hoursFilter(c, &f)
	c.Flags().BoolVar(&private, "private", false, "with the notes for us alone: not for a client's eyes")
	return c
}

func newHoursImport(e *env) *cobra.Command {
	var dryRun, again bool
	var mapping string
	c := &cobra.Command{
		Use:   "import FILE.csv|FILE.xlsx | import FILE --kimai MAPPING.yaml",
		Short: "Book a sheet of hours, all of it or nothing",
		Long: `Book a sheet of hours with a header: XLSX, or CSV (comma, semicolon or tab; UTF-8). The
columns date, client, minutes and kind are needed; technician, for, where, note,
private, began and those of a session that clients shared may be there: accolade hours
export shows them all. One bad row and nothing is booked; all bad rows are named.

With --kimai the file is the CSV export of Kimai 2, or what its REST API answers to
GET /api/timesheets as JSON (one page after the other), and the mapping says who and
what is meant. A file may be imported again, in part or whole: what was taken over
before is passed over.

  users: {anne: anne, "7": paul}   # login, name or number: our technician
  customers: {"Mairie": kerlann}   # our client; - leaves it out
  projects: {"12": kerlann}        # the same; goes before the customer
  activities: {Formation: training}
  timezone: Europe/Paris           # of a CSV's times`,
		Example: `  accolade hours import 2026-10.csv --dry-run
  accolade hours import kimai-export.csv --kimai kimai.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			data, err := e.readInput(args[0], "name a sheet of hours, CSV or XLSX, or Kimai's file with --kimai: accolade hours import --help shows their columns")
			if err != nil {
				return err
			}
			if mapping != "" {
				return e.importKimai(c, args[0], data, mapping, dryRun)
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			made, err := client.ImportHours(c.Context(), filepath.Base(args[0]), data, dryRun, again)
			if err != nil {
				return err
			}
			e.sayBooked(len(made), dryRun)
			return e.printHours(made)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "check all, book nothing")
	c.Flags().BoolVar(&again, "again", false, "though the same file was imported before")
	c.Flags().StringVar(&mapping, "kimai", "", "the file is Kimai's; this one maps its words into ours")
	c.MarkFlagsMutuallyExclusive("again", "kimai")
	return c
}

func (e *env) sayBooked(n int, dryRun bool) {
	if dryRun {
		e.say("%d entries would be booked; nothing was", n)
	} else {
		e.say("%d entries booked", n)
	}
}

func (e *env) importKimai(c *cobra.Command, file string, data []byte, mapping string, dryRun bool) error {
	words, err := e.readInput(mapping, "--kimai names a mapping, a YAML file that says who and what Kimai's words mean: accolade hours import --help shows one")
	if err != nil {
		return err
	}
	if !utf8.Valid(data) || !utf8.Valid(words) {
		return usage(c, fmt.Errorf("%s and %s: want UTF-8", file, mapping))
	}
	client, err := e.controller()
	if err != nil {
		return err
	}
	taken, err := client.TakeKimai(c.Context(), api.HoursTakeover{Name: filepath.Base(file), Data: string(data), MappingName: filepath.Base(mapping), Mapping: string(words), DryRun: dryRun})
	if err != nil {
		return err
	}
	for _, left := range taken.Left {
		e.say("line %d is left out: %s", left.Line, left.Why)
	}
	if taken.Known > 0 {
		e.say("%s taken over before", plural(taken.Known, "record"))
	}
	e.sayBooked(len(taken.Entries), dryRun)
	return e.printHours(taken.Entries)
}

// readInput reads a file, or standard input for `-`. fix says what the file is to hold.
func (e *env) readInput(name, fix string) ([]byte, error) {
	what := name
	read := func() ([]byte, error) { return readNamed(name, fix) }
	if name == "-" {
		what, read = "standard input", func() ([]byte, error) { return io.ReadAll(e.stdin) }
	}
	b, err := read()
	if err == nil && len(b) == 0 {
		return nil, &failure{what: what + " is empty", fix: fix, code: exitUsage}
	}
	return b, err
}
