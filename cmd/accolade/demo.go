package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/sim/demo"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

func newDemoCommand(e *env) *cobra.Command {
	o := demo.Options{Out: e.stdout}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Tell the main job as a story, on simulated counterparts",
		Long: `Runs the real programs as separate processes against a sandbox: a bare box is
enrolled, a server provisioned while the controller is killed and started again,
seven weeks pass, two months are invoiced, and the books are kept. The last line of the
output carries figures that were counted from the systems; any difference ends it with
code 1.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(sandbox.Versions, o.PVE) {
				return usage(c, fmt.Errorf("--pve %s is refused: want %s", o.PVE, strings.Join(sandbox.Versions, " or ")))
			}
			if err := demo.Replaceable(o.Dir); err != nil {
				return &failure{what: err.Error(), fix: "name an empty folder with --to"}
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			o.Accolade, o.Accoladed = self, filepath.Join(filepath.Dir(self), "accoladed")
			if _, err := os.Stat(o.Accoladed); err != nil {
				return &failure{what: "accoladed is not beside accolade: " + err.Error(), fix: "build both: make build"}
			}
			figures, err := demo.Run(c.Context(), o)
			if err != nil {
				fmt.Fprintf(e.stdout, "\n%v\nDEMO FAILED %s\n", err, figures)
				return errTrouble
			}
			fmt.Fprintf(e.stdout, "\nDEMO OK %s\n", figures)
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&o.Keep, "keep", false, "leave controller and sandbox running, and show what to try")
	f.StringVar(&o.Dir, "to", "demo-output", "folder for documents and logs; that of an earlier demo is made anew")
	f.StringVar(&o.Standards, "standards", filepath.Join("..", "shared", "standards"), "folder of the official rules for electronic invoices; without it, or without Java, they are not checked")
	f.StringVar(&o.PVE, "pve", "9.2", "version of Proxmox VE: 8.4 or 9.2")
	return c
}
