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
	c.AddCommand(newConfigReload(e))
	c.Flags().BoolVar(&changed, "changed", false, "only what differs from the defaults")
	return c
}

func newConfigReload(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Take up a new logo or colour of papers, without a restart",
		Long: `Have the controller read its settings anew: its file, its variables, its flags. The logo
(seller.logo) and the colour (seller.colour) are taken up at once; papers that were
issued keep theirs. What else has changed is listed, and waits for a restart. Where
anything is wrong, nothing is taken up.`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			changes, err := client.ReloadConfig(c.Context())
			if err != nil {
				return err
			}
			t := newTable("key", "from", "to", "state")
			for _, x := range changes {
				state := "in force"
				if !x.InForce {
					state = "waits for a restart: systemctl restart accoladed"
				}
				t.add(x.Key, x.From, x.To, state)
			}
			if len(changes) == 0 {
				t.note = "All settings are as they were."
			}
			return e.print(changes, t)
		}),
	}
}

func wanted(key string, keys []string) bool {
	for _, k := range keys {
		if key == k || strings.HasPrefix(key, k+".") {
			return true
		}
	}
	return len(keys) == 0
}
