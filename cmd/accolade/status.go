package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

var levelColours = map[api.Level]colour{api.LevelCritical: red, api.LevelWarning: yellow, api.LevelUnknown: yellow, api.LevelOK: green}

func newStatusCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "The one table of the morning: what is wrong, the worst first",
		Long: `Shows how everything fares, the worst first, as the controller saw it at its last round.
The exit code is 1 when something needs somebody, so that a script can ask too.`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			s, err := client.Status(c.Context())
			if err != nil {
				return err
			}
			t := newTable("level", "of", "what", "since", "what to do")
			for _, one := range s.Conditions {
				t.add(cell{text: strings.ToUpper(string(one.Level)), colour: levelColours[one.Level]}, one.Of, one.What, e.when(one.Since), one.Fix)
			}
			if len(s.Conditions) == 0 {
				t.note = "nothing is known yet: add a site and a vault, then enrol a box"
			}
			if err := e.print(s, t); err != nil {
				return err
			}
			if s.Trouble {
				return errTrouble
			}
			return nil
		}),
	}
}

func newDoctorCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Compare boxes, vaults and store now, and name what does not belong or is missing",
		Long: `Asks every box and every vault and compares what is there with what should be: storages,
jobs, rights, VMs without a server, servers without a VM, seeds left behind, logins of
boxes that are gone. The accounts that months are drafted from are compared with the
ledger of hours. Each finding comes with the command that mends it. Nothing is
changed. The exit code is 1 when there are findings.`,
		Args: cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			found, err := client.Doctor(c.Context())
			if err != nil {
				return err
			}
			t := newTable("of", "finding", "what mends it")
			for _, f := range found {
				t.add(f.Of, f.What, f.Fix)
			}
			if len(found) == 0 {
				e.say("everything is as it should be")
				if e.output == "table" {
					return nil
				}
			}
			if err := e.print(found, t); err != nil {
				return err
			}
			if len(found) > 0 {
				e.say("%s", plural(len(found), "finding"))
				return errTrouble
			}
			return nil
		}),
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
