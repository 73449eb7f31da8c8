package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/fleet"
)

func newSiteCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "site",
		Short: "The places where boxes stand",
		Long:  `A site has an address, the way to get there, and whom to call: the people who open the door, and the Internet provider.`,
	}
	c.AddCommand(newSiteAdd(e), newSiteList(e), newSiteShow(e), newSiteEdit(e))
	return c
}

func siteNames(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Sites(c.Context())
	return names(list, func(s api.Site) string { return s.Name }), err
}

// siteFlags are the flags of add and edit.
type siteFlags struct {
	address, travel, zone string
	minutes               int
	isp                   fleet.Provider
	people                []string
}

func (f *siteFlags) register(e *env, c *cobra.Command) {
	c.Flags().StringVar(&f.address, "address", "", "where it is")
	c.Flags().StringVar(&f.travel, "travel", "", "how a technician gets there: bike or truck")
	c.Flags().IntVar(&f.minutes, "minutes", 0, "travel time one way, in minutes")
	c.Flags().StringVar(&f.zone, "zone", "", "time zone that the boxes there keep (default Europe/Paris)")
	c.Flags().StringVar(&f.isp.Name, "isp", "", "Internet provider")
	c.Flags().StringVar(&f.isp.Phone, "isp-phone", "", "its support line")
	c.Flags().StringVar(&f.isp.Mail, "isp-mail", "", "its mail address")
	c.Flags().StringVar(&f.isp.Customer, "isp-customer", "", "our customer or line number there")
	c.Flags().StringArrayVar(&f.people, "person", nil, `whom to call: "NAME;ROLE;PHONE;MAIL", the first one first; may be repeated`)
	cobra.CheckErr(c.RegisterFlagCompletionFunc("travel", cobra.FixedCompletions([]string{"bike", "truck"}, cobra.ShellCompDirectiveNoFileComp)))
}

// edit is what the flags that were given change. old is the site as it is.
func (f *siteFlags) edit(c *cobra.Command, old api.Site) (api.SiteEdit, error) {
	var out api.SiteEdit
	given := c.Flags().Changed
	if given("address") {
		out.Address = &f.address
	}
	if given("travel") {
		out.Travel = &f.travel
	}
	if given("minutes") {
		out.Minutes = &f.minutes
	}
	if given("zone") {
		out.Zone = &f.zone
	}
	isp := old.ISP
	for _, part := range []struct {
		flag    string
		to      *string
		changed string
	}{{"isp", &isp.Name, f.isp.Name}, {"isp-phone", &isp.Phone, f.isp.Phone}, {"isp-mail", &isp.Mail, f.isp.Mail}, {"isp-customer", &isp.Customer, f.isp.Customer}} {
		if given(part.flag) {
			*part.to = part.changed
			out.ISP = &isp
		}
	}
	if given("person") {
		people := []fleet.Person{}
		for _, text := range f.people {
			parts := append(strings.Split(text, ";"), "", "", "")
			if len(parts) > 7 {
				return out, usage(c, fmt.Errorf("--person %q: want NAME;ROLE;PHONE;MAIL", text))
			}
			for i := range parts {
				parts[i] = strings.TrimSpace(parts[i])
			}
			people = append(people, fleet.Person{Name: parts[0], Role: parts[1], Phone: parts[2], Mail: parts[3]})
		}
		out.People = &people
	}
	return out, nil
}

func newSiteAdd(e *env) *cobra.Command {
	var f siteFlags
	c := &cobra.Command{
		Use:   "add NAME --address ADDRESS --travel bike|truck",
		Short: "Make a site",
		Example: `  accolade site add lorient --address "12 quai des Indes, 56100 Lorient" --travel bike --minutes 15 \
      --person "Maëlle Le Gall;accueil;+33 2 97 00 00 01" --isp Orange --isp-phone 3901 --isp-customer 2970000`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			edit, err := f.edit(c, api.Site{})
			if err != nil {
				return err
			}
			client, err := e.controller()
			if err != nil {
				return err
			}
			site, err := client.AddSite(c.Context(), api.NewSite{Name: args[0], SiteEdit: edit})
			if err != nil {
				return err
			}
			return e.printSite(site)
		},
	}
	f.register(e, c)
	return c
}

func newSiteEdit(e *env) *cobra.Command {
	var f siteFlags
	c := &cobra.Command{
		Use:               "edit NAME",
		Short:             "Change a site; what no flag names stays",
		Example:           `  accolade site edit lorient --isp-phone 3900`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(siteNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			old, err := client.Site(c.Context(), args[0])
			if err != nil {
				return err
			}
			edit, err := f.edit(c, old)
			if err != nil {
				return err
			}
			site, err := client.EditSite(c.Context(), args[0], edit)
			if err != nil {
				return err
			}
			return e.printSite(site)
		}),
	}
	f.register(e, c)
	return c
}

func newSiteList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the sites",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Sites(c.Context())
			if err != nil {
				return err
			}
			t := newTable("name", "address", "travel", "minutes#", "zone", "provider")
			for _, s := range list {
				t.add(s.Name, s.Address, s.Travel, s.Minutes, s.Zone, s.ISP.Name)
			}
			return e.print(list, t)
		}),
	}
}

func newSiteShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show a site and whom to call",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(siteNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			site, err := client.Site(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.printSite(site)
		}),
	}
}

func (e *env) printSite(s api.Site) error {
	t := newTable("field", "value")
	t.add("name", s.Name)
	t.add("address", s.Address)
	t.add("travel", fmt.Sprintf("%s, %d min", s.Travel, s.Minutes))
	t.add("time zone", s.Zone)
	t.add("provider", joined(s.ISP.Name, s.ISP.Phone, s.ISP.Mail, s.ISP.Customer))
	for _, p := range s.People {
		t.add("call", joined(p.Name, p.Role, p.Phone, p.Mail))
	}
	return e.print(s, t)
}
