package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newConfigCommand(e *env) *cobra.Command {
	var changed bool
	c := &cobra.Command{
		Use:   "config [KEY…]",
		Short: "Show the controller's settings, and where each value comes from",
		Long: `Show the settings of the running controller, and where each value comes from: the
default, a line of its file, an environment variable, or a flag. A KEY may be a whole
section. To check a file before a start: accoladed check-config.`,
		Example: `  accolade config
  accolade config backup seller.iban`,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, keys []string) error {
			all, err := client.Config(c.Context())
			if err != nil {
				return err
			}
			shown := all[:0:0]
			t := newTable("key", "value", "from")
			for _, s := range all {
				if changed && s.Source == "default" || !wanted(s.Key, keys) {
					continue
				}
				shown = append(shown, s)
				t.add(s.Key, s.Value, s.Source)
			}
			if len(shown) == 0 && len(keys) > 0 {
				return &failure{what: "no setting is called " + strings.Join(keys, " or "), fix: "accolade config lists all", code: exitNotFound}
			}
			return e.print(shown, t)
		}),
	}
	c.Flags().BoolVar(&changed, "changed", false, "only what differs from the defaults")
	return c
}

func wanted(key string, keys []string) bool {
	for _, k := range keys {
		if key == k || strings.HasPrefix(key, k+".") {
			return true
		}
	}
	return len(keys) == 0
}
