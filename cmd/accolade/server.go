package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newServerCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "server",
		Short: "Make YunoHost servers on boxes, and look after them",
		Long: `A server is the YunoHost VM of one client on one box. It is made from a blueprint: a
YAML file that says how large it is, from which image and with which apps.`,
	}
	users := &cobra.Command{Use: "users", Short: "The users of a server"}
	users.AddCommand(newServerUsersImport(e))
	c.AddCommand(newServerProvision(e), newServerList(e), newServerShow(e), newServerPassword(e), users)
	return c
}

func serverNames(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Servers(c.Context())
	return names(list, func(s api.Server) string { return s.Name }), err
}

// readFile is a file for the controller. A name that is no file here is left to the
// controller to know. fix says what the file is to hold.
func readFile(path, fix string, nameAllowed bool) (api.File, error) {
	text, err := readNamed(path, fix)
	if f, ok := errors.AsType[*failure](err); ok && f.code == exitNotFound && nameAllowed && path == filepath.Base(path) && filepath.Ext(path) == "" {
		return api.File{Name: path}, nil
	}
	if err != nil {
		return api.File{}, err
	}
	if len(text) == 0 {
		return api.File{}, &failure{what: path + ": the file is empty", code: exitUsage}
	}
	return api.File{Name: path, Text: string(text)}, nil
}

// usersFix says what a file of users is.
const usersFix = "name a list of users in YunoHost's CSV: accolade server provision --help says its columns"

func newServerProvision(e *env) *cobra.Command {
	var order api.NewServer
	var blueprint, users string
	var dryRun bool
	c := &cobra.Command{
		Use:   "provision --client CLIENT --box BOX --blueprint FILE|NAME",
		Short: "Make a server: from an enrolled box to YunoHost with users, apps and first backups",
		Long: `Makes a VM on the box from a cloud image, installs YunoHost, sets up mail, domain,
users and apps, and takes the first local and the first remote backup. It takes half an
hour or more and goes on without this program: --detach, then accolade operation follow.

--users takes YunoHost's own CSV: UTF-8, semicolons, the columns username, firstname,
lastname, password, mail, mailbox-quota, mail-alias, mail-forward, groups. Every row is
checked before anything is done.

--dry-run shows the exact calls and does nothing.`,
		Example: `  accolade server provision --client archi --box kiosk --blueprint office \
      --domain archi.example --admin camille --admin-name "Camille Le Goff" --users users.csv
  accolade server provision --client archi --box kiosk --blueprint ./archi.yaml --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if order.Blueprint, err = readFile(blueprint, "--blueprint names a blueprint that ships (office, office-crm) or a YAML file; docs/server.md shows one", true); err != nil {
				return err
			}
			if users != "" {
				file, err := readFile(users, usersFix, false)
				if err != nil {
					return err
				}
				order.Users = &file
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			if dryRun {
				plan, err := client.PlanServer(c.Context(), order)
				if err != nil {
					return err
				}
				return e.printPlan(plan)
			}
			op, err := client.ProvisionServer(c.Context(), order)
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
			made, err := client.Server(c.Context(), strings.TrimPrefix(op.Subject, "server/"))
			if err != nil {
				return err
			}
			return e.printServer(made)
		},
	}
	f := c.Flags()
	f.StringVar(&order.Client, "client", "", "the client whose server it is")
	f.StringVar(&order.Box, "box", "", "the box that carries it")
	f.StringVar(&blueprint, "blueprint", "", "a blueprint file, or the name of one that ships (office, office-crm)")
	f.StringVar(&users, "users", "", "CSV of the users to import")
	f.StringVar(&order.Name, "name", "", "name of the server (default: the domain's first label)")
	f.StringVar(&order.Domain, "domain", "", "main domain, instead of the blueprint's")
	f.StringVar(&order.Admin, "admin", "", "user name of YunoHost's first admin, instead of the blueprint's")
	f.StringVar(&order.AdminName, "admin-name", "", "their full name")
	f.BoolVar(&dryRun, "dry-run", false, "show the calls that would be sent")
	detachFlag(c)
	for _, name := range []string{"client", "box", "blueprint"} {
		cobra.CheckErr(c.MarkFlagRequired(name))
	}
	return c
}

func (e *env) printPlan(plan api.ServerPlan) error {
	for _, warning := range plan.Warnings {
		e.say("warning: %s", warning)
	}
	t := newTable("step", "call", "parameters")
	for _, call := range plan.Calls {
		params := make([]string, 0, len(call.Params))
		for key, value := range call.Params {
			params = append(params, fmt.Sprintf("%s=%v", key, strings.TrimSpace(strings.ReplaceAll(fmt.Sprint(value), "\n", "; "))))
		}
		sort.Strings(params)
		if call.Note != "" {
			params = append(params, "("+call.Note+")")
		}
		t.add(call.Step, call.Method+" "+call.Path, strings.Join(params, " "))
	}
	return e.print(plan, t)
}

func newServerList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the servers",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Servers(c.Context())
			if err != nil {
				return err
			}
			t := newTable("name", "client", "box", "vmid#", "domain", "state", "since")
			for _, s := range list {
				since := s.Ready
				if since.IsZero() {
					since = s.Created
				}
				t.add(s.Name, s.Client, s.Box, s.VMID, s.Domain, serverState(s.State), e.when(since))
			}
			return e.print(list, t)
		}),
	}
}

func serverState(state string) cell {
	c := cell{text: state}
	switch state {
	case "ready":
		c.colour = green
	case "failed":
		c.colour = red
	case "provisioning":
		c.colour = yellow
	}
	return c
}

func newServerShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show SERVER",
		Short:             "Show a server: where it is, its certificate, the DNS records to publish",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(serverNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			s, err := client.Server(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printServer(s)
		}),
	}
}

func (e *env) printServer(s api.Server) error {
	t := newTable("field", "value")
	add := func(field string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "0" {
			t.add(field, value)
		}
	}
	add("name", s.Name)
	add("client", s.Client)
	add("state", serverState(s.State))
	add("box", s.Box)
	add("vmid", s.VMID)
	add("domain", s.Domain)
	add("address", s.Address)
	add("size", fmt.Sprintf("%d cores, %s of memory, disk of %s", s.Cores, bytesText(s.Memory), bytesText(s.Disk)))
	add("blueprint", s.Blueprint)
	add("made by", "operation "+s.Operation)
	add("in service", e.when(s.Ready))
	if m := s.Made; m != nil {
		certificate := m.Certificate
		if certificate == "selfsigned" {
			certificate = "self-signed: browsers will warn until there is one of Let's Encrypt"
		}
		add("certificate", certificate)
		add("users imported", m.Users)
		add("apps", strings.Join(m.Apps, ", "))
		add("first local backup", m.Local)
		add("first remote backup", m.Remote)
		for _, warning := range m.Warnings {
			t.add("warning", cell{text: warning, colour: yellow})
		}
		for _, finding := range m.Findings {
			t.add("diagnosis", finding)
		}
		if m.DNS != "" {
			t.note = "\nDNS records to publish:\n" + strings.TrimRight(m.DNS, "\n")
		}
	}
	return e.print(s, t)
}

// bytesText is a size as people say it.
func bytesText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if f == float64(int64(f)) {
		return fmt.Sprintf("%d %s", int64(f), units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

func newServerPassword(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "password SERVER",
		Short: "Tell the password of a server's first admin; the audit records who asked",
		Long: `Tells the password that was generated when the server was made. It is YunoHost's first
admin's and, until somebody changes it, root's on the server.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(serverNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			p, err := client.ServerPassword(c.Context(), args[0])
			if err != nil {
				return err
			}
			t := newTable("user", "password")
			t.add(p.User, p.Password)
			return e.print(p, t)
		}),
	}
}

func newServerUsersImport(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "import SERVER FILE.csv",
		Short: "Import users into a server, in batches; users that are there are left alone",
		Long: `Takes YunoHost's own CSV (see accolade server provision --help). Every row is checked
first, and all bad rows are told at once. An import that was interrupted goes on where
it was; one that is started again brings only the users that are missing.`,
		Args: cobra.ExactArgs(2),
		ValidArgsFunction: func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"csv"}, cobra.ShellCompDirectiveFilterFileExt
			}
			return e.completeNames(serverNames)(c, args, word)
		},
		RunE: func(c *cobra.Command, args []string) error {
			file, err := readFile(args[1], usersFix, false)
			if err != nil {
				return err
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			op, err := client.ImportUsers(c.Context(), args[0], file)
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
	detachFlag(c)
	return c
}
