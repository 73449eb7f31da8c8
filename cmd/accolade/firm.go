package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newFirmCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "firm",
		Short: "Outside firms of a client: Internet provider, printers and the like",
		Long: `The contact book of a client: the outside firms in whose name we call, with the
client's number there. One person to call for the client, us.`,
	}
	c.AddCommand(newFirmVerb(e, false), newFirmVerb(e, true), firms.list(e), firms.show(e))
	return c
}

// newFirmVerb is `firm add`, or `firm edit`.
func newFirmVerb(e *env, edit bool) *cobra.Command {
	c := &cobra.Command{
		Use:               "add CLIENT NAME --trade TRADE",
		Short:             "Put an outside firm into a client's contact book",
		Example:           `  accolade firm add kerlann "Ouest Télécom" --trade internet --customer C-4711 --phone "02 97 00 00 01"`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			fs := c.Flags()
			f := api.FirmFields{Trade: given(fs, "trade"), Customer: given(fs, "customer"), Person: given(fs, "person"),
				Mail: given(fs, "mail"), Phone: given(fs, "phone"), Note: given(fs, "note")}
			var k api.ClientInfo
			var err error
			if edit {
				f.Name = given(fs, "name")
				k, err = client.EditFirm(c.Context(), args[0], args[1], f)
			} else {
				f.Name = &args[1]
				k, err = client.AddFirm(c.Context(), args[0], f)
			}
			if err != nil {
				return err
			}
			return firms.print(e, k)
		}),
	}
	fs := c.Flags()
	if edit {
		c.Use, c.Short, c.Example = "edit CLIENT NAME", "Change an outside firm; what is not given stays", ""
		fs.String("name", "", "new name")
	}
	fs.String("trade", "", "internet, printer, phone, software, or a word of your own")
	fs.String("customer", "", "the client's number with that firm")
	fs.String("person", "", "whom to ask for")
	fs.String("mail", "", "mail address")
	fs.String("phone", "", "telephone number")
	fs.String("note", "", "anything else")
	return c
}

var firms = people[contract.Firm]{
	noun: "firm",
	all:  "the outside firms of a client",
	one:  "an outside firm of a client",
	of:   func(k api.ClientInfo) []contract.Firm { return k.Firms },
	name: func(f contract.Firm) string { return f.Name },
	draw: firmTable,
}

func firmTable(list []contract.Firm) *table {
	t := newTable("name", "trade", "customer", "person", "phone", "mail", "note")
	for _, f := range list {
		t.add(f.Name, f.Trade, f.Customer, f.Person, f.Phone, f.Mail, f.Note)
	}
	return t
}
