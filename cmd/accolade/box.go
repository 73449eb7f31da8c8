package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newBoxCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "box",
		Short: "The machines in the cupboards",
		Long: `A box is one Proxmox VE host: an SSD with Proxmox and the server, an HDD with the local
backups. Enrolment makes it one of ours; after that the controller needs no password.`,
	}
	c.AddCommand(newBoxEnrol(e), newBoxList(e), newBoxShow(e), newBoxEdit(e), newBoxKey(e))
	return c
}

func boxNames(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Boxes(c.Context())
	return names(list, func(b api.Box) string { return b.Name }), err
}

func newBoxList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the boxes",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Boxes(c.Context())
			if err != nil {
				return err
			}
			t := newTable("name", "state", "client", "site", "version", "servers", "vault", "seen", "trouble")
			for _, b := range list {
				t.add(b.Name, b.State, b.Client, b.Site, b.Version, strings.Join(b.Servers, " "), b.Vault, e.when(b.Observed.Seen), boxTrouble(b))
			}
			return e.print(list, t)
		}),
	}
}

// boxTrouble is what is wrong with a box, in one cell.
func boxTrouble(b api.Box) cell {
	switch {
	case b.Observed.Error != "":
		return cell{text: "does not answer", colour: red}
	case len(b.Observed.Drift) == 1:
		return cell{text: b.Observed.Drift[0].What, colour: yellow}
	case len(b.Observed.Drift) > 1:
		return cell{text: fmt.Sprintf("%d differences", len(b.Observed.Drift)), colour: yellow}
	}
	return cell{}
}

func newBoxShow(e *env) *cobra.Command {
	var now bool
	c := &cobra.Command{
		Use:   "show BOX",
		Short: "Show a box, and what on it is not as it should be",
		Long: `Shows the box as the controller saw it at its last round, five minutes ago at most.
With --now it is asked again.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(boxNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			read := client.Box
			if now {
				read = client.ObserveBox
			}
			b, err := read(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printBox(b)
		}),
	}
	c.Flags().BoolVar(&now, "now", false, "ask the box now")
	return c
}

func (e *env) printBox(b api.Box) error {
	t := newTable("field", "value")
	t.add("name", b.Name)
	t.add("state", b.State)
	t.add("client", b.Client)
	t.add("site", b.Site)
	t.add("url", b.URL)
	t.add("fingerprint", b.Fingerprint)
	t.add("node", joined(b.Node, "Proxmox VE "+b.Version, b.Zone))
	for _, d := range b.Disks {
		t.add("disk "+string(d.Role), diskText(d))
	}
	t.add("local backups", fmt.Sprintf("%s (%s) to %s, keeping %s", b.Job.Schedule, b.Zone, b.Job.Storage, b.Job.Prune))
	t.add("remote backups", fmt.Sprintf("vault %s, namespace %s, key %s", b.Vault, b.Namespace, short(b.KeyPrint)))
	t.add("our token", b.TokenID)
	t.add("servers", strings.Join(b.Servers, " "))
	t.add("enrolled", e.when(b.Enrolled))
	t.add("last asked", e.when(b.Observed.At))
	if b.Observed.Error != "" {
		t.add("does not answer", cell{text: b.Observed.Error, colour: red})
		t.add("last seen", e.when(b.Observed.Seen))
	}
	for _, s := range b.Observed.Storages {
		state := cell{text: fmt.Sprintf("%s, %s free of %s", s.Type, bytesText(s.Free), bytesText(s.Total))}
		switch {
		case s.Active && s.Total == 0: // a vault tells a box nothing of its size
			state.text = s.Type + ", online"
		case !s.Active:
			state = cell{text: s.Type + ", offline", colour: red}
		}
		t.add("storage "+s.Name, state)
	}
	for _, v := range b.Observed.VMs {
		t.add(fmt.Sprintf("VM %d", v.VMID), joined(v.Name, v.Status, bytesText(v.Memory)))
	}
	for _, d := range b.Observed.Drift {
		t.add("DIFFERS", cell{text: fmt.Sprintf("%s: %s → %s", d.What, driftText(d), d.Fix), colour: yellow})
	}
	return e.print(b, t)
}

func driftText(d fleet.Drift) string {
	if d.Actual == "" {
		return "missing: " + d.Wanted
	}
	return fmt.Sprintf("%q instead of %q", d.Actual, d.Wanted)
}

func diskText(d fleet.Disk) string {
	return joined(d.Path, d.Model, "serial "+d.Serial, bytesText(d.Size), d.Health)
}

// short is the beginning of a fingerprint.
func short(print string) string { return print[:min(len(print), 11)] }

func newBoxEdit(e *env) *cobra.Command {
	var owner, site, state string
	c := &cobra.Command{
		Use:               "edit BOX",
		Short:             "Change whose box it is, where it stands, or retire it",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(boxNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			var edit api.BoxEdit
			if c.Flags().Changed("client") {
				edit.Client = &owner
			}
			if c.Flags().Changed("site") {
				edit.Site = &site
			}
			if c.Flags().Changed("state") {
				edit.State = &state
			}
			b, err := client.EditBox(c.Context(), args[0], edit)
			if err != nil {
				return err
			}
			return e.printBox(b)
		}),
	}
	c.Flags().StringVar(&owner, "client", "", "whose it is; empty: nobody's")
	c.Flags().StringVar(&site, "site", "", "where it stands")
	c.Flags().StringVar(&state, "state", "", "ready, spare or retired")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("site", e.completeFlag(siteNames)))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeFlag(clientIDs)))
	return c
}

func newBoxKey(e *env) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "key BOX --to FILE.pdf",
		Short: "Print the key of a box's remote backups, for the client's safe",
		Long: `Writes the paper key as PDF: the client-side encryption key as QR code and as text, with
what is needed to restore without us. Without it nobody can read the remote backups. The
audit tells who printed it.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(boxNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if folder(to) {
				f := isFolder(to)
				return &f
			}
			if _, err := os.Stat(to); err == nil {
				if err := e.confirm(to+" is there already and will be overwritten", to); err != nil {
					return err
				}
			}
			pdf, err := client.BoxKey(c.Context(), args[0])
			if err != nil {
				return err
			}
			// A new file in the place of the old one: that may have been readable by others.
			if err := wholefile.Write(wholefile.OS, to, func(w io.Writer) error { _, err := w.Write(pdf); return err }); err != nil {
				return err
			}
			e.say("paper key of %s in %s: print it, put it into the client's safe, and delete the file", args[0], to)
			return nil
		}),
	}
	c.Flags().StringVar(&to, "to", "", "the PDF to write")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	return c
}
