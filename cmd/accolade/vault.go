package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newVaultCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "vault",
		Short: "The backup servers that receive remote backups",
		Long: `A vault is a datastore of a Proxmox Backup Server. Each box gets a namespace, a login and
an encryption key of its own there: it can neither read nor prune what others store.`,
	}
	c.AddCommand(newVaultAdd(e), newVaultList(e), newVaultShow(e), newVaultEdit(e))
	return c
}

func vaultNames(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Vaults(c.Context())
	return names(list, func(v api.Vault) string { return v.Name }), err
}

// vaultFlags are the flags of add and edit.
type vaultFlags struct{ site, url, fingerprint, datastore, tokenFile string }

func (f *vaultFlags) register(e *env, c *cobra.Command) {
	c.Flags().StringVar(&f.url, "url", "", "https://HOST:8007")
	c.Flags().StringVar(&f.fingerprint, "fingerprint", "", "SHA-256 of its certificate, as proxmox-backup-manager cert info shows it there")
	c.Flags().StringVar(&f.datastore, "datastore", "", "name of the datastore")
	c.Flags().StringVar(&f.site, "site", "", "where it stands, if at a site of ours")
	c.Flags().StringVar(&f.tokenFile, "token-file", "", "file with an administrator's token (USER@REALM!TOKEN:SECRET); - is standard input (default: ask)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("site", e.completeFlag(siteNames)))
}

func (f *vaultFlags) edit(c *cobra.Command) api.VaultEdit {
	var out api.VaultEdit
	for _, part := range []struct {
		flag  string
		to    **string
		value *string
	}{{"url", &out.URL, &f.url}, {"fingerprint", &out.Fingerprint, &f.fingerprint}, {"datastore", &out.Datastore, &f.datastore}, {"site", &out.Site, &f.site}} {
		if c.Flags().Changed(part.flag) {
			*part.to = part.value
		}
	}
	return out
}

func newVaultAdd(e *env) *cobra.Command {
	var f vaultFlags
	c := &cobra.Command{
		Use:   "add NAME --url URL --fingerprint PRINT --datastore STORE",
		Short: "Make a vault known, after a look at it",
		Long: `The vault is asked before it is stored: does it answer there, with that certificate, has
it that datastore, and may the token manage logins there? The token is stored encrypted.`,
		Example: `  accolade vault add central --url https://vault.example:8007 --fingerprint 3F:… --datastore accolade --token-file vault.token`,
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			token, err := e.readSecret("token of the vault's administrator", "token-file", f.tokenFile)
			if err != nil {
				return err
			}
			edit, text := f.edit(c), token.Reveal()
			edit.Token = &text
			v, err := client.AddVault(c.Context(), api.NewVault{Name: args[0], VaultEdit: edit})
			if err != nil {
				return err
			}
			return e.printVault(v)
		}),
	}
	f.register(e, c)
	for _, name := range []string{"url", "fingerprint", "datastore"} {
		cobra.CheckErr(c.MarkFlagRequired(name))
	}
	return c
}

func newVaultEdit(e *env) *cobra.Command {
	var f vaultFlags
	c := &cobra.Command{
		Use:               "edit NAME",
		Short:             "Change how a vault is reached, after a look at it",
		Example:           `  accolade vault edit central --fingerprint 9A:…`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(vaultNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			edit := f.edit(c)
			if c.Flags().Changed("token-file") {
				token, err := e.readSecret("token of the vault's administrator", "token-file", f.tokenFile)
				if err != nil {
					return err
				}
				text := token.Reveal()
				edit.Token = &text
			}
			v, err := client.EditVault(c.Context(), args[0], edit)
			if err != nil {
				return err
			}
			return e.printVault(v)
		}),
	}
	f.register(e, c)
	return c
}

func newVaultList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the vaults",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Vaults(c.Context())
			if err != nil {
				return err
			}
			t := newTable("name", "url", "datastore", "site", "boxes")
			for _, v := range list {
				t.add(v.Name, v.URL, v.Datastore, v.Site, strings.Join(v.Boxes, " "))
			}
			return e.print(list, t)
		}),
	}
}

func newVaultShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show a vault",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(vaultNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			v, err := client.Vault(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printVault(v)
		}),
	}
}

func (e *env) printVault(v api.Vault) error {
	t := newTable("field", "value")
	t.add("name", v.Name)
	t.add("url", v.URL)
	t.add("fingerprint", v.Fingerprint)
	t.add("datastore", v.Datastore)
	t.add("our token", v.TokenID)
	t.add("site", v.Site)
	t.add("boxes", strings.Join(v.Boxes, " "))
	t.add("known since", e.when(v.Created))
	return e.print(v, t)
}
