package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newContactCommand(e *env) *cobra.Command {
	c := &cobra.Command{Use: "contact", Short: "People at a client's"}
	c.AddCommand(newContactVerb(e, false), newContactVerb(e, true), newContactList(e), newContactShow(e))
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
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			f := api.ContactFields{Mail: given(c.Flags(), "mail"), Phone: given(c.Flags(), "phone")}
			if c.Flags().Changed("role") {
				f.Roles = roles
			}
			var k api.ClientInfo
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
			return e.printContacts(k.Contacts)
		},
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

func newContactList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "list CLIENT",
		Short:             "List the people at a client's",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			k, err := client.ClientInfo(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printContacts(k.Contacts)
		},
	}
}

func newContactShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show CLIENT NAME",
		Short:             "Show a person at a client's",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := e.controller()
			if err != nil {
				return err
			}
			k, err := client.ClientInfo(c.Context(), args[0])
			if err != nil {
				return err
			}
			for _, p := range k.Contacts {
				if strings.EqualFold(p.Name, args[1]) {
					return e.print(p, contactTable([]contract.Contact{p}))
				}
			}
			return &failure{what: k.Name + " has no contact named " + args[1], fix: "accolade contact list " + k.ID + " shows them", code: exitNotFound}
		},
	}
}

func (e *env) printContacts(list []contract.Contact) error {
	if list == nil {
		list = []contract.Contact{}
	}
	return e.print(list, contactTable(list))
}

func contactTable(list []contract.Contact) *table {
	t := newTable("name", "roles", "mail", "phone")
	for _, p := range list {
		t.add(p.Name, strings.Join(texts(p.Roles), " "), p.Mail, p.Phone)
	}
	return t
}
