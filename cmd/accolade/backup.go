package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newBackupCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "backup",
		Short: "See the backups, take one, restore one",
		Long: `Every night each box backs its servers up to its own disk, by itself; and the
controller has each server backed up to its vault. A backup counts when the storage
lists it: list shows what the storages list now, show what the controller did.`,
	}
	c.AddCommand(newBackupList(e), newBackupShow(e), newBackupRun(e), newBackupRestore(e))
	return c
}

func newBackupList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "list [SERVER]",
		Short:             "List the backup points, newest first, as the storages list them now",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: e.completeNames(serverNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			found, err := client.BackupPoints(c.Context(), optional(args))
			if err != nil {
				return err
			}
			for _, away := range found.Away {
				e.say("not asked: %s", away)
			}
			t := newTable("server", "kind", "taken", "size#", "place", "vm#", "verified", "point")
			for _, p := range found.Points {
				place := "box " + p.Box
				if p.Vault != "" {
					place = "vault " + p.Vault + "/" + p.Namespace
				}
				t.add(p.Server, p.Kind, e.when(p.At), bytesText(p.Size), place, p.VMID, p.Verified, p.ID)
			}
			return e.print(found, t)
		}),
	}
}

func optional(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func newBackupShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show [SERVER]",
		Short:             "Show the backups that the controller took or tried, newest first",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: e.completeNames(serverNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			runs, err := client.BackupRuns(c.Context(), optional(args))
			if err != nil {
				return err
			}
			t := newTable("server", "kind", "started", "took#", "tries#", "bitmap", "read#", "sent#", "result")
			for _, r := range runs {
				t.add(r.Server, r.Kind, e.when(r.Started), seconds(r.Seconds), r.Tries, r.Bitmap, bytesText(r.Read), bytesText(r.Sent), runResult(r))
			}
			return e.print(runs, t)
		}),
	}
}

func seconds(n int64) string {
	if n == 0 {
		return ""
	}
	return (time.Duration(n) * time.Second).String()
}

func runResult(r api.BackupRun) cell {
	switch {
	case r.Point != "":
		return cell{text: r.Point, colour: green}
	case r.Ended.IsZero() && r.Error == "":
		return cell{text: "running", colour: yellow}
	case r.Ended.IsZero():
		return cell{text: "trying: " + r.Error, colour: yellow}
	default:
		return cell{text: r.Error, colour: red}
	}
}

func newBackupRun(e *env) *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:               "run SERVER",
		Short:             "Back a server up now, to its vault or to its box's own disk",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(serverNames),
		RunE: func(c *cobra.Command, args []string) error {
			if kind != "local" && kind != "remote" {
				return usage(c, fmt.Errorf("--kind %s is refused: want local or remote", kind))
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			op, err := client.BackUp(c.Context(), api.NewBackup{Server: args[0], Kind: kind})
			if err != nil {
				return err
			}
			detach, err := c.Flags().GetBool("detach")
			if err != nil {
				return err
			}
			return e.watch(c, client, op, detach)
		},
	}
	c.Flags().StringVar(&kind, "kind", "remote", "remote (the vault) or local (the box's own disk)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"remote", "local"}, cobra.ShellCompDirectiveNoFileComp)))
	detachFlag(c)
	return c
}

func newBackupRestore(e *env) *cobra.Command {
	var r api.NewRestore
	c := &cobra.Command{
		Use:   "restore SERVER --as-new [--point POINT]",
		Short: "Restore a backup point to a new VM on the server's box",
		Long: `Makes a new VM from a backup point, the newest unless --point names another (accolade
backup list shows them). The VM stays switched off: beside the server it would claim the
same address. Its number is shown at the end.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(serverNames),
		RunE: func(c *cobra.Command, args []string) error {
			if !r.AsNew {
				return usage(c, fmt.Errorf("say --as-new: a restore over the server itself is not done by this version"))
			}
			r.Server = args[0]
			client, err := e.controller()
			if err != nil {
				return err
			}
			op, err := client.Restore(c.Context(), r)
			if err != nil {
				return err
			}
			detach, err := c.Flags().GetBool("detach")
			if err != nil {
				return err
			}
			if err := e.watch(c, client, op, detach); err != nil || detach {
				return err
			}
			made, err := client.Restored(c.Context(), op.ID)
			if err != nil {
				return err
			}
			t := newTable("server", "box", "vmid#", "name", "point")
			t.add(made.Server, made.Box, made.VMID, made.Name, made.Point)
			t.note = "The VM is switched off."
			return e.print(made, t)
		},
	}
	c.Flags().BoolVar(&r.AsNew, "as-new", false, "to a new VM, beside the server")
	c.Flags().StringVar(&r.Point, "point", "", "volume id of the point (default: the newest)")
	detachFlag(c)
	return c
}
