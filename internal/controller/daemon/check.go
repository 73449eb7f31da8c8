package daemon

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/config"
)

func (p *program) checkCommand() *cobra.Command {
	var sample bool
	c := &cobra.Command{
		Use:   "check-config",
		Short: "Check the configuration and show each value with its origin",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if sample {
				p.configured = true
				_, err := fmt.Fprint(p.stdout, config.Sample())
				return err
			}
			conf, origins, err := p.load()
			if err != nil {
				return err
			}
			if _, err := conf.Letterhead(); err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "key\tvalue\tfrom")
			for _, o := range origins {
				fmt.Fprintf(w, "%s\t%s\t%s\n", o.Key, o.Value, o.Source)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if missing := conf.Seller.Missing(); len(missing) > 0 {
				fmt.Fprintf(p.stderr, "note: no month can be finalised before these are set: %s\n", strings.Join(missing, ", "))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&sample, "sample", false, "print a commented sample file instead")
	return c
}
