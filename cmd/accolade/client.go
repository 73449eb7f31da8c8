package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newClientCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "client",
		Short: "Organisations that we serve",
		Long: `A client is an organisation that we serve: a business, an association, a school, a
town hall or a sole trader. Commands take its name or its ID; case, accents and
punctuation do not count.`,
	}
	c.AddCommand(newClientAdd(e), newClientEdit(e), newClientList(e), newClientShow(e))
	return c
}

// clientFlags are the fields of a client on the command line.
type clientFlags struct {
	kind, siren, siret, rna, vat, language string
	address, delivery                      []string
	postcode, city, country                string
	deliveryPostcode, deliveryCity         string
	serviceDemanded, commitmentDemanded    bool
	shares                                 int
}

func (f *clientFlags) add(c *cobra.Command) {
	fs := c.Flags()
	f.addIdentity(c)
	fs.StringArrayVar(&f.delivery, "delivery", nil, "where the service is given, if elsewhere; once for each line")
	fs.StringVar(&f.deliveryPostcode, "delivery-postcode", "", "its post code")
	fs.StringVar(&f.deliveryCity, "delivery-city", "", "its town")
	fs.String("service-code", "", "of Chorus Pro, on every invoice")
	fs.String("commitment", "", "commitment number of Chorus Pro (numéro d'engagement), on every invoice")
	fs.BoolVar(&f.serviceDemanded, "service-demanded", false, "the body takes no invoice without a service code")
	fs.BoolVar(&f.commitmentDemanded, "commitment-demanded", false, "the body takes no invoice without a commitment number")
	fs.String("late-law", "", "what it owes for paying late: commerce, public or none (default: by its kind)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("late-law", cobra.FixedCompletions(texts(contract.LateLaws), cobra.ShellCompDirectiveNoFileComp)))
	fs.IntVar(&f.shares, "shares", 0, "of the cooperative that the client holds; 0: none any more")
	fs.String("member-since", "", "day on which they were subscribed, 2026-09-15")
}

// addIdentity are the flags that say who a client is, and where.
func (f *clientFlags) addIdentity(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.kind, "kind", "", "business, association, school, town-hall or sole-trader")
	fs.StringVar(&f.siren, "siren", "", "nine digits; needed for businesses and sole traders")
	fs.StringVar(&f.siret, "siret", "", "fourteen digits; needed for town halls")
	fs.StringVar(&f.rna, "rna", "", "W and nine digits; associations only")
	fs.StringVar(&f.vat, "vat-number", "", "such as FR44732829320")
	fs.StringVar(&f.language, "language", "", "of letters and invoices: fr or en (default fr)")
	fs.StringArrayVar(&f.address, "address", nil, "street, and what precedes it; once for each line")
	fs.StringVar(&f.postcode, "postcode", "", "post code")
	fs.StringVar(&f.city, "city", "", "town")
	fs.StringVar(&f.country, "country", "", "two letters (default FR)")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(texts(contract.ClientKinds), cobra.ShellCompDirectiveNoFileComp)))
}

// fields are the flags that were given; an address given in part changes the one
// that was there.
func (f *clientFlags) fields(fs *pflag.FlagSet, was contract.Address) api.ClientFields {
	out := api.ClientFields{Kind: given(fs, "kind"), SIREN: given(fs, "siren"), SIRET: given(fs, "siret"), RNA: given(fs, "rna"),
		VATNumber: given(fs, "vat-number"), Language: given(fs, "language"),
		ServiceCode: given(fs, "service-code"), Commitment: given(fs, "commitment"), MemberSince: given(fs, "member-since"), LateLaw: given(fs, "late-law")}
	if fs.Changed("service-demanded") {
		out.ServiceDemanded = &f.serviceDemanded
	}
	if fs.Changed("commitment-demanded") {
		out.CommitmentDemanded = &f.commitmentDemanded
	}
	if fs.Changed("shares") {
		out.Shares = &f.shares
	}
	if anyGiven(fs, "address", "postcode", "city", "country") {
		a := was
		if fs.Changed("address") {
			a.Lines = f.address
		}
		put(fs, "postcode", &a.PostCode)
		put(fs, "city", &a.City)
		put(fs, "country", &a.Country)
		out.Address = &a
	}
	if anyGiven(fs, "delivery", "delivery-postcode", "delivery-city") {
		out.Delivery = &contract.Address{Lines: f.delivery, PostCode: f.deliveryPostcode, City: f.deliveryCity}
	}
	return out
}

// given is a text flag's value if it was on the command line.
func given(fs *pflag.FlagSet, name string) *string {
	if !fs.Changed(name) {
		return nil
	}
	return new(fs.Lookup(name).Value.String())
}

func put(fs *pflag.FlagSet, name string, into *string) {
	if v := given(fs, name); v != nil {
		*into = *v
	}
}

func anyGiven(fs *pflag.FlagSet, names ...string) bool {
	for _, n := range names {
		if fs.Changed(n) {
			return true
		}
	}
	return false
}

// texts are values as plain texts.
func texts[T ~string](values []T) []string {
	return names(values, func(v T) string { return string(v) })
}

// completeClients completes a verb's first argument with the IDs of clients.
func (e *env) completeClients() cobra.CompletionFunc { return e.completeNames(clientIDs) }

func clientIDs(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Clients(c.Context())
	return names(list, func(c api.ClientInfo) string { return c.ID }), err
}

func newClientAdd(e *env) *cobra.Command {
	var f clientFlags
	var id string
	c := &cobra.Command{
		Use:   "add NAME --kind KIND --address STREET --postcode CODE --city TOWN",
		Short: "Take in a client",
		Example: `  accolade client add "Atelier Kerlann" --kind business --siren 732829320 \
    --address "4 rue du Port" --postcode 56100 --city Lorient
  accolade client add "Mairie de Kerlann" --kind town-hall --siret 21560121200016 \
    --address "Place de la Mairie" --postcode 56400 --city Kerlann`,
		Args: cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			fields := f.fields(c.Flags(), contract.Address{})
			fields.Name, fields.ID = &args[0], id
			made, err := client.AddClient(c.Context(), fields)
			if err != nil {
				return err
			}
			e.say("client %s added", made.ID)
			return e.showClient(c.Context(), client, made)
		}),
	}
	f.add(c)
	c.Flags().StringVar(&id, "id", "", "short name for commands, such as kerlann (default: made from the name)")
	return c
}

func newClientEdit(e *env) *cobra.Command {
	var f clientFlags
	var name string
	c := &cobra.Command{
		Use:               "edit CLIENT",
		Short:             "Change a client; what is not given stays",
		Example:           `  accolade client edit kerlann --address "12 quai des Indes" --vat-number FR44732829320`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			was, err := client.ClientInfo(c.Context(), args[0])
			if err != nil {
				return err
			}
			fields := f.fields(c.Flags(), was.Address)
			fields.Name = given(c.Flags(), "name")
			now, err := client.EditClient(c.Context(), was.ID, fields)
			if err != nil {
				return err
			}
			return e.showClient(c.Context(), client, now)
		}),
	}
	f.add(c)
	c.Flags().StringVar(&name, "name", "", "new name; the ID stays")
	return c
}

func newClientList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all clients",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Clients(c.Context())
			if err != nil {
				return err
			}
			t := newTable("id", "name", "kind", "siren", "town")
			for _, k := range list {
				t.add(k.ID, k.Name, k.Kind, k.SIREN, k.Address.City)
			}
			return e.print(list, t)
		}),
	}
}

func newClientShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show CLIENT",
		Short:             "Show a client with contacts, firms and contracts",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			info, err := client.ClientInfo(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.showClient(c.Context(), client, info)
		}),
	}
}

// showClient prints a client with all that hangs on it.
func (e *env) showClient(ctx context.Context, client *api.Client, k api.ClientInfo) error {
	t := newTable("field", "value")
	row := func(name, value string) {
		if value != "" {
			t.add(name, value)
		}
	}
	row("id", k.ID)
	row("name", k.Name)
	row("kind", string(k.Kind))
	row("siren", k.SIREN)
	row("siret", k.SIRET)
	row("rna", k.RNA)
	row("vat number", k.VATNumber)
	row("language", k.Language)
	row("address", address(k.Address))
	if k.Delivery != nil {
		row("delivery", address(*k.Delivery))
	}
	row("service code", demanded(k.Chorus.Service, k.Chorus.ServiceDemanded))
	row("commitment", demanded(k.Chorus.Commitment, k.Chorus.CommitmentDemanded))
	row("late law", string(k.LateLaw()))
	if m := k.Member; m != nil {
		row("member", fmt.Sprintf("%d shares since %s", m.Shares, m.Since))
	}
	for _, p := range k.Contacts {
		row("contact", joined(p.Name, strings.Join(texts(p.Roles), " "), p.Mail, p.Phone))
	}
	for _, f := range k.Firms {
		row("firm", joined(f.Trade, f.Name, f.Customer, f.Person, f.Phone, f.Mail, f.Note))
	}
	if e.output == "table" || e.output == "csv" {
		contracts, err := client.Contracts(ctx, k.ID)
		if err != nil {
			return err
		}
		for _, s := range contracts {
			row("contract", contractWords(s))
		}
	}
	return e.print(k, t)
}

// demanded is a field of Chorus Pro, or that the body waits for it.
func demanded(value string, demanded bool) string {
	switch {
	case demanded && value == "":
		return "demanded, not told"
	case demanded:
		return value + ", demanded"
	}
	return value
}

func address(a contract.Address) string {
	return joined(append(append([]string{}, a.Lines...), strings.TrimSpace(a.PostCode+" "+a.City), a.Country)...)
}

// joined are the texts that are not empty, separated by commas.
func joined(parts ...string) string {
	var full []string
	for _, p := range parts {
		if p != "" {
			full = append(full, p)
		}
	}
	return strings.Join(full, ", ")
}

func contractWords(k api.Contract) string {
	s := fmt.Sprintf("%s: %s from %s", k.ID, k.Offer.Name, k.Start)
	for _, h := range k.Headcounts {
		s += fmt.Sprintf(", %d from %s", h.Count, h.From)
	}
	if k.Ending != nil {
		s += fmt.Sprintf(", ends on %s", k.Ending.On)
	}
	return s
}
