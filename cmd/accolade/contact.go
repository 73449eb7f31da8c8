package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newContactCommand(e *env) *cobra.Command {
	c := &cobra.Command{Use: "contact", Short: "People at a client's"}
	c.AddCommand(newContactVerb(e, false), newContactVerb(e, true), contacts.list(e), contacts.show(e))
	return c
}

// newContactVerb is `contact add`, or `contact edit`.
func newContactVerb(e *env, edit bool) *cobra.Command {
	var name, mail, phone string
	var roles []string
	c := &cobra.Command{
		Use:               "add CLIENT NAME",
		Short:             "Put a person on a client's list",
		Example:           `  accolade contact add kerlann "Anne Le Goff" --role manager --role billing --mail anne@kerlann.example`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			f := api.ContactFields{Mail: given(c.Flags(), "mail"), Phone: given(c.Flags(), "phone")}
			if c.Flags().Changed("role") {
				f.Roles = roles
			}
			var k api.ClientInfo
			var err error
			if edit {
				f.Name = given(c.Flags(), "name")
				k, err = client.EditContact(c.Context(), args[0], args[1], f)
			} else {
				f.Name = &args[1]
				k, err = client.AddContact(c.Context(), args[0], f)
			}
			if err != nil {
				return err
			}
			return contacts.print(e, k)
		}),
	}
	if edit {
		c.Use, c.Short, c.Example = "edit CLIENT NAME", "Change a person; what is not given stays", ""
		c.Flags().StringVar(&name, "name", "", "new name")
	}
	c.Flags().StringArrayVar(&roles, "role", nil, "manager, billing, technical or on-site; may be given several times")
	c.Flags().StringVar(&mail, "mail", "", "mail address")
	c.Flags().StringVar(&phone, "phone", "", "telephone number")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(texts(contract.Roles), cobra.ShellCompDirectiveNoFileComp)))
	return c
}

var contacts = people[contract.Contact]{
	noun: "contact",
	all:  "the people at a client's",
	one:  "a person at a client's",
	of:   func(k api.ClientInfo) []contract.Contact { return k.Contacts },
	name: func(p contract.Contact) string { return p.Name },
	draw: contactTable,
}

func contactTable(list []contract.Contact) *table {
	t := newTable("name", "roles", "mail", "phone")
	for _, p := range list {
		t.add(p.Name, strings.Join(texts(p.Roles), " "), p.Mail, p.Phone)
	}
	return t
}
