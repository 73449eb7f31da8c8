package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newBoxEnrol(e *env) *cobra.Command {
	var order api.Enrolment
	var credentialFile string
	var dryRun bool
	c := &cobra.Command{
		Use:   "enrol BOX --url URL --fingerprint PRINT --site SITE",
		Short: "Make a bare Proxmox box one of ours, or mend one",
		Long: `Checks the box (version, single node, time zone, clock, disks, room), formats the empty
HDD, adds our storages, a place on the vault with an encryption key, the pool, the nightly
local backup, and a login for the controller with the least rights. At the end the
credential is revoked if it was a token.

The credential is root's password, or an API token of root@pam without privilege
separation, as USER@REALM!TOKEN=SECRET. It comes from a prompt, a file or standard input.

Run again it changes nothing. What somebody changed on the box since is shown by
accolade box show, and mended with --repair. An HDD with data is refused unless
--wipe-disk names its serial number; Proxmox lets only root's password do that.`,
		Example: `  accolade box enrol kiosk --url https://192.0.2.7:8006 --fingerprint 3F:… --site lorient --client archi --dry-run
  accolade box enrol kiosk --repair --credential-file root.password`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(boxNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			credential, err := e.readSecret("root's password, or an API token", "credential-file", credentialFile)
			if err != nil {
				return err
			}
			order.Credential = credential.Reveal()
			plan, err := client.PlanEnrolment(c.Context(), args[0], order)
			if err != nil {
				return err
			}
			e.tellPlan(args[0], plan)
			switch {
			case dryRun || len(plan.Actions) == 0:
				return e.printEnrolment(plan)
			case plan.Wipes:
				err = e.confirm(fmt.Sprintf("ALL DATA on the HDD with serial number %s will be destroyed", plan.HDD.Serial), plan.HDD.Serial)
			case plan.Formats:
				err = e.confirm(fmt.Sprintf("The HDD with serial number %s will be formatted", plan.HDD.Serial), args[0])
			}
			if err != nil {
				return err
			}
			order.SSD, order.HDD = plan.SSD.Serial, plan.HDD.Serial // what was confirmed, and nothing else
			begun, err := client.Enrol(c.Context(), args[0], order)
			if err != nil {
				return err
			}
			if begun.Operation == nil {
				return e.printEnrolment(begun)
			}
			detach, err := c.Flags().GetBool("detach")
			if err != nil {
				return err
			}
			if err := e.watch(c, client, *begun.Operation, detach); err != nil || detach {
				return err
			}
			b, err := client.Box(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printBox(b)
		}),
	}
	f := c.Flags()
	f.StringVar(&order.URL, "url", "", "https://HOST:8006")
	f.StringVar(&order.Fingerprint, "fingerprint", "", "SHA-256 of its certificate, as pvenode cert info shows it there")
	f.StringVar(&order.Site, "site", "", "where it stands")
	f.StringVar(&order.Client, "client", "", "whose it is")
	f.BoolVar(&order.Spare, "spare", false, "it waits in stock")
	f.StringVar(&order.Vault, "vault", "", "which vault takes its remote backups (default: the only one)")
	f.StringVar(&order.Namespace, "namespace", "", "its part of the vault (default: the box's name)")
	f.StringVar(&order.VMStorage, "vm-storage", "", "storage for the VMs' disks (default: local-lvm or local-zfs)")
	f.StringVar(&order.Bridge, "bridge", "", "network bridge of the VMs (default: vmbr0)")
	f.StringVar(&order.SSD, "ssd", "", "serial number of the SSD (default: the one that Proxmox is on)")
	f.StringVar(&order.HDD, "hdd", "", "serial number of the disk for local backups (default: the only HDD)")
	f.StringVar(&order.WipeDisk, "wipe-disk", "", "serial number of a disk whose data may be destroyed")
	f.StringVar(&order.Schedule, "schedule", "", "when the local backup runs, in the box's time zone (default: backup.local.schedule)")
	f.StringVar(&order.Retention, "retention", "", "what it keeps, such as keep-daily=7,keep-weekly=5 (default: backup.local.retention)")
	f.BoolVar(&order.Repair, "repair", false, "mend what is not as it should be on a box that is enrolled")
	f.StringVar(&credentialFile, "credential-file", "", "file with root's password or an API token; - is standard input (default: ask)")
	f.BoolVar(&dryRun, "dry-run", false, "show what would be done and do nothing")
	detachFlag(c)
	cobra.CheckErr(c.RegisterFlagCompletionFunc("site", e.completeFlag(siteNames)))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("vault", e.completeFlag(vaultNames)))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeFlag(clientIDs)))
	return c
}

// tellPlan shows what was found, on standard error.
func (e *env) tellPlan(box string, p api.EnrolmentPlan) {
	e.say("box %s: node %s, Proxmox VE %s", box, p.Node, p.Version)
	if p.SSD != nil {
		e.say("  SSD  %s", diskText(*p.SSD))
	}
	if p.HDD != nil {
		e.say("  HDD  %s", diskText(*p.HDD))
	}
	for _, w := range p.Warnings {
		e.say("%s %s", e.paint(yellow, "warning:"), w)
	}
	if len(p.Actions) == 0 {
		e.say("box %s is as it should be: nothing to do, nothing was changed", box)
	}
}

func (e *env) printEnrolment(p api.EnrolmentPlan) error {
	t := newTable("step", "change")
	for _, a := range p.Actions {
		t.add(a.Step, a.What)
	}
	if len(p.Actions) == 0 && e.output == "table" {
		return nil
	}
	return e.print(p, t)
}
