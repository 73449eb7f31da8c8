package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newExportCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "export",
		Short: "Finalised months for the accountant and for spreadsheets",
		Long: `Put finalised months into files: tables (csv, xlsx), entries as the tax office's FEC
(fec), or as a journal for people (journal). What is finalised never changes, so the
same export gives the same bytes; a manifest beside the files tells counts, sums in
cents and the SHA-256 of each, and two exports hold the same if their manifests do.`,
	}
	c.AddCommand(newExportPeriod(e, "month", "month", "2026-09"), newExportPeriod(e, "year", "business year, which is the calendar's", "2026"), newExportCheck(e), newExportDolibarr(e))
	return c
}

func newExportPeriod(e *env, noun, words, example string) *cobra.Command {
	var format, to string
	var comma bool
	c := &cobra.Command{
		Use:   noun + " PERIOD --format csv|xlsx|fec|journal --to DIR",
		Short: "Export a " + words,
		Long: `Export a finalised ` + words + `:

  csv      invoices-PERIOD.csv, and the same of lines, vat and hours: UTF-8, separated by ;
  xlsx     the same as one workbook, a sheet each, with totals
  fec      SIRENFECAAAAMMJJ.txt, entries by article A47 A-1 of the LPF
  journal  the same entries as CSV

Credit notes count negative. Files of the same names are replaced, all of them or none;
those that belong to the export of another period are not.`,
		Example: "  accolade export " + noun + " " + example + " --format csv --decimal-comma --to ~/compta\n  accolade export " + noun + " " + example + " --format fec --to ~/compta",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if p, err := export.ParsePeriod(args[0]); err == nil && (noun == "month") != (p.From == p.To) {
				return usage(c, fmt.Errorf("%s is no %s such as %s", args[0], noun, example))
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			m, err := client.Export(c.Context(), args[0], format, comma)
			if err != nil {
				return err
			}
			if err := fetchExport(c.Context(), client, m, to); err != nil {
				return err
			}
			t := newTable("file", "bytes#", "sha256")
			for _, f := range m.Files {
				t.add(filepath.Join(to, f.Name), f.Bytes, f.SHA256)
			}
			t.note = manifestWords(m)
			return e.print(m, t)
		},
	}
	c.Flags().StringVar(&format, "format", "csv", "csv, xlsx, fec or journal")
	c.Flags().StringVar(&to, "to", "", "folder; made if it is not there")
	c.Flags().BoolVar(&comma, "decimal-comma", false, "299,52 instead of 299.52 in CSV files")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	cobra.CheckErr(c.MarkFlagDirname("to"))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"csv", "xlsx", "fec", "journal"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func manifestWords(m api.Manifest) string {
	return fmt.Sprintf("%s: %d invoices, %d credit notes, %d entries: %s + %s VAT = %s", m.Period, m.Invoices, m.CreditNotes, m.Entries, m.Net, m.VAT, m.Total)
}

// fetchExport writes the files of an export and its manifest, all of them or none: they
// take their names when the last one is there and every hash is right.
func fetchExport(ctx context.Context, client *api.Client, m api.Manifest, to string) (err error) {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	others, err := export.Manifests(to)
	if err != nil {
		return err
	}
	if file, of, yes := m.Replaces(others); yes {
		return &failure{what: fmt.Sprintf("%s holds %s of %s, which this export would replace", to, file, of), fix: "take another folder", code: exitRefused}
	}
	stage, err := os.MkdirTemp(to, ".part-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	for _, f := range m.Files {
		if err := wholefile.Write(wholefile.OS, filepath.Join(stage, f.Name), func(w io.Writer) error {
			sum := export.NewSum()
			if err := client.ExportFile(ctx, m, f.Name, io.MultiWriter(w, sum)); err != nil {
				return err
			}
			if got := sum.File(f.Name); got != f {
				return fmt.Errorf("%s arrived with SHA-256 %s, the manifest says %s", f.Name, got.SHA256, f.SHA256)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := wholefile.Write(wholefile.OS, filepath.Join(stage, m.Name()), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	}); err != nil {
		return err
	}
	// An old manifest would tell of files that are being replaced.
	if err := os.Remove(filepath.Join(to, m.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, f := range m.Files {
		if err := takeName(stage, to, f.Name); err != nil {
			return err
		}
	}
	return takeName(stage, to, m.Name())
}

// takeName moves a file that is complete to where it belongs.
func takeName(stage, to, name string) error {
	if err := os.Chmod(filepath.Join(stage, name), 0o644); err != nil {
		return err
	}
	return os.Rename(filepath.Join(stage, name), filepath.Join(to, name))
}

func newExportCheck(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR",
		Short: "Look whether exported files are what their manifests say",
		Long: `Compare the files in a folder with the manifests beside them, by hash, and read them
again: tables are added up, a FEC is held against the rules of article A47 A-1. It
needs no controller.`,
		Example: "  accolade export check ~/compta",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			all, err := export.Manifests(args[0])
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return &failure{what: "there is no manifest in " + args[0], fix: "accolade export month MONTH --to DIR writes one", code: exitNotFound}
			}
			t := newTable("manifest", "files#", "total#")
			for _, m := range all {
				if err := m.Check(args[0]); err != nil {
					return &failure{what: m.Name() + ": " + err.Error(), fix: "export it again: what is finalised gives the same files", code: exitTrouble}
				}
				t.add(m.Name(), len(m.Files), e.euros(m.Total))
			}
			return e.print(all, t)
		},
	}
}
