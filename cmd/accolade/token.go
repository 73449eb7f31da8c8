package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

func newTokenCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Give technicians a way in from elsewhere, and take it back",
		Long: `A token lets one technician use the controller over the network (listen: in its
configuration). On the controller's own machine no token is needed.

Roles: admin does everything; tech runs clients, boxes, servers, backups and hours;
billing runs clients, contracts, hours and months; reader looks and changes nothing.`,
	}
	c.AddCommand(newTokenAdd(e), newTokenList(e), newTokenRevoke(e))
	return c
}

func newTokenAdd(e *env) *cobra.Command {
	var role string
	c := &cobra.Command{
		Use:   "add NAME --role ROLE",
		Short: "Make a token and show it, this once",
		Example: `  accolade token add anne --role tech > anne.token
  ACCOLADE_URL=https://controller:8443 ACCOLADE_TOKEN_FILE=anne.token accolade status`,
		Args: cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			fresh, err := client.AddToken(c.Context(), api.NewToken{Name: args[0], Role: role})
			if err != nil {
				return err
			}
			if e.output == "table" {
				e.say("token of %s, role %s; it is not shown again:", fresh.Name, fresh.Role)
				_, err := fmt.Fprintln(e.stdout, fresh.Text)
				return err
			}
			t := newTable("name", "role", "token")
			t.add(fresh.Name, fresh.Role, fresh.Text)
			return e.print(fresh, t)
		}),
	}
	c.Flags().StringVar(&role, "role", "", "admin, tech, billing or reader")
	cobra.CheckErr(c.MarkFlagRequired("role"))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"admin", "tech", "billing", "reader"}, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func newTokenList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tokens that are valid",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Tokens(c.Context())
			if err != nil {
				return err
			}
			t := newTable("name", "role", "made", "by", "used")
			for _, k := range list {
				t.add(k.Name, k.Role, e.when(k.Created), k.By, e.when(k.Used))
			}
			return e.print(list, t)
		}),
	}
}

func newTokenRevoke(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke NAME",
		Short: "End a token; the next call with it is refused",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(func(c *cobra.Command, client *api.Client) ([]string, error) {
			list, err := client.Tokens(c.Context())
			return names(list, func(t api.Token) string { return t.Name }), err
		}),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if err := e.confirm("The token of "+args[0]+" will end", args[0]); err != nil {
				return err
			}
			if err := client.RevokeToken(c.Context(), args[0]); err != nil {
				return err
			}
			e.say("token of %s revoked", args[0])
			return nil
		}),
	}
}
