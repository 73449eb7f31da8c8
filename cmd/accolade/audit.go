package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/audit"
)

func newAuditCommand(e *env) *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Who did what, and whether the record of it is whole"}
	c.AddCommand(newAuditList(e), newAuditVerify(e))
	return c
}

func newAuditList(e *env) *cobra.Command {
	var from uint64
	var last int
	c := &cobra.Command{
		Use:   "list",
		Short: "List the records: the last 50, or all from a number on",
		Example: `  accolade audit list
  accolade audit list --from 1 -o csv > audit.csv`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			if last < 1 || last > 10_000 {
				return usage(c, fmt.Errorf("--last %d is refused: want 1 to 10000", last))
			}
			var list []audit.Record
			var err error
			if from == 0 {
				list, err = client.Audit(c.Context(), 0, last)
			} else {
				for more := true; more && err == nil; {
					var page []audit.Record
					page, err = client.Audit(c.Context(), from, 0)
					list, more = append(list, page...), len(page) > 0
					from += uint64(len(page))
				}
			}
			if err != nil {
				return err
			}
			t := newTable("no#", "when", "who", "from", "did", "on", "result", "detail")
			for _, r := range list {
				result := cell{text: r.Result}
				if r.Result == "refused" || r.Result == "failed" {
					result.colour = red
				}
				t.add(r.Seq, e.when(r.Time), r.Who, r.From, r.Action, r.Object, result, r.Detail)
			}
			return e.print(list, t)
		}),
	}
	c.Flags().Uint64Var(&from, "from", 0, "first record's number")
	c.Flags().IntVar(&last, "last", 50, "how many of the newest, without --from (at most 10000)")
	return c
}

func newAuditVerify(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check the chain of records, and name the first broken link",
		Long: `Check the chain of records from the first to the last. Each record carries the hash of
the one before: none can be changed, removed, added or moved unseen.

EXIT STATUS: 0 if the chain is whole, 1 if it is broken.`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			v, err := client.VerifyAudit(c.Context())
			if err != nil {
				return err
			}
			verdict := cell{"whole", green}
			if !v.Whole {
				verdict = cell{"BROKEN", red}
			}
			t := newTable("records#", "chain", "first broken link")
			t.add(v.Records, verdict, v.Broken)
			if err := e.print(v, t); err != nil {
				return err
			}
			if !v.Whole {
				return errTrouble
			}
			return nil
		}),
	}
}
