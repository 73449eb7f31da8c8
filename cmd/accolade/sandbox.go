package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

func newSandboxCommand(e *env) *cobra.Command {
	var o sandbox.Options
	var start string
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Run simulated boxes, a vault and a relay to try things on",
		Long: `Runs simulated Proxmox VE boxes, a Proxmox Backup Server and a mail relay, as strict
as the real ones, until it is interrupted. The boxes take consecutive ports from
--listen on, then come the vault, the relay and the control address (time, faults,
mail, a cloud image).

With -o json, standard output carries exactly one line, once all addresses answer.`,
		Example: `  accolade sandbox
  accolade sandbox --boxes 3 --pve 8.4 --speed 60 --state ~/sandbox
  accolade sandbox -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if e.output != "json" && e.output != "table" {
				return usage(c, fmt.Errorf("-o %s: a sandbox speaks table or json", e.output))
			}
			if start != "" {
				t, err := time.Parse(time.RFC3339, start)
				if err != nil {
					return usage(c, fmt.Errorf("--start %s: want an instant such as 2026-09-14T14:00:00+02:00", start))
				}
				o.Start = t
			}
			switch {
			case o.Boxes < 1 || o.Boxes > sandbox.MostBoxes:
				return usage(c, fmt.Errorf("--boxes %d is refused: want 1 to %d", o.Boxes, sandbox.MostBoxes))
			case !slices.Contains(sandbox.Versions, o.Version):
				return usage(c, fmt.Errorf("--pve %s is refused: want %s", o.Version, strings.Join(sandbox.Versions, " or ")))
			case o.Speed <= 0 || o.Speed > sandbox.Fastest:
				return usage(c, fmt.Errorf("--speed %v is refused: want more than 0, and at most %d", o.Speed, sandbox.Fastest))
			}
			box, err := sandbox.Start(c.Context(), o)
			if err != nil {
				return fmt.Errorf("sandbox: %w", err)
			}
			if err := e.showSandbox(box.Info()); err != nil {
				return err
			}
			select {
			case <-c.Context().Done():
				return box.Close()
			case err := <-box.Failed():
				if closeErr := box.Close(); closeErr != nil {
					e.say("sandbox: %v", closeErr)
				}
				return fmt.Errorf("sandbox: %w", err)
			}
		},
	}
	f := c.Flags()
	f.BoolVar(&o.Reachable, "reachable", false, "ports 80 and 443 of the sites lead to their server: Let's Encrypt works, and HTTPS through the control address")
	f.IntVar(&o.Boxes, "boxes", 1, "number of boxes")
	f.StringVar(&o.Version, "pve", "9.2", "version of Proxmox VE: 8.4 or 9.2")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:18006", "address of the first box; port 0 takes any free ports")
	f.StringVar(&o.State, "state", "", "folder that keeps everything over a restart")
	f.Float64Var(&o.Speed, "speed", 1, "simulated seconds in a real one")
	f.Uint64Var(&o.Seed, "seed", 1, "what all that looks random is made from")
	f.BoolVar(&o.Hold, "hold", false, "time stands still until the participant hold waits or is taken off at the control address")
	f.StringVar(&start, "start", "", "first simulated instant (RFC 3339); the present if not given")
	return c
}

func (e *env) showSandbox(info sandbox.Info) error {
	if e.output == "json" {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(info)
	}
	t := newTable("WHAT", "ADDRESS", "CREDENTIAL", "FINGERPRINT")
	for _, b := range info.PVE {
		t.add("box "+b.Name, b.URL, "root@pam "+b.RootPassword, b.Fingerprint)
		t.add("", "", b.Token, "")
	}
	t.add("vault", info.PBS.URL, info.PBS.Token, info.PBS.Fingerprint)
	t.add("  datastore "+info.PBS.Datastore, "", "", "")
	t.add("relay", info.SMTP.Address, "accolade "+sandbox.RelayPassword, "")
	t.add("control", info.Control.URL, "", "")
	t.note = "\nStop with Ctrl-C. A controller that lives in this world: accoladed --sandbox " + info.Control.URL
	return e.print(info, t)
}
