package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/version"
)

func newVersionCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the versions of this program and of the controller",
		Long: `Show the versions of this program and of the controller.

EXIT STATUS: 0 if both are the same, 1 if they differ, 4 if no controller answers.`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			e.quiet = true
			theirs, err := client.Version(c.Context())
			if err != nil {
				if e.output == "table" {
					fmt.Fprintf(e.stdout, "accolade   %s\n", version.String())
				}
				return err
			}
			t := newTable("program", "version")
			t.add("accolade", version.String())
			t.add("accoladed", theirs.Version)
			out := struct {
				Accolade  string      `json:"accolade"`
				Accoladed api.Version `json:"accoladed"`
			}{version.String(), theirs}
			if err := e.print(out, t); err != nil {
				return err
			}
			if theirs.Version != version.String() {
				return &failure{what: fmt.Sprintf("the controller is %s, this program is %s", theirs.Version, version.String()), fix: "install the same version of both; until then a verb may be missing on one side"}
			}
			return nil
		}),
	}
}
