package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newOfferCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "offer",
		Short: "The price list",
		Long: `Offers are data. Three ship (classic, island, solo); a price that nobody has told
stands there as "required", and no contract can be signed on the offer until it is
set. Contracts keep the version of the offer that they were signed with.`,
	}
	c.AddCommand(newOfferVerb(e, false), newOfferVerb(e, true), newOfferList(e), newOfferShow(e), newOfferExport(e))
	return c
}

// newOfferVerb is `offer add`, or `offer edit`.
func newOfferVerb(e *env, edit bool) *cobra.Command {
	var counts []string
	var term, notice int
	c := &cobra.Command{
		Use:   "add NAME --title TITLE",
		Short: "Put a new offer on the price list",
		Example: `  accolade offer add ecole --title "Serveur et accompagnement pour les écoles" \
    --unit seat --price 29.00 --term 12 --included 10h --counts training,assistance --overage 45`,
		Args: cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			fs := c.Flags()
			f := api.OfferFields{Title: given(fs, "title"), TitleEN: given(fs, "title-en"), Unit: given(fs, "unit"), Price: given(fs, "price"), Included: given(fs, "included"),
				Hour: given(fs, "hour"), Setup: given(fs, "setup"), VAT: given(fs, "vat"), EarlyEnd: given(fs, "early-end"), BrokenYear: given(fs, "broken-year"),
				Indexation: given(fs, "indexation"), Travel: given(fs, "travel"), Trip: given(fs, "trip"), TripBike: given(fs, "trip-bike"), TripTruck: given(fs, "trip-truck")}
			if f.Hour == nil {
				f.Hour = given(fs, "overage")
			}
			if fs.Changed("counts") {
				f.Counts = &counts
			}
			if fs.Changed("term") {
				f.TermMonths = &term
			}
			if fs.Changed("notice") {
				f.NoticeMonths = &notice
			}
			var o api.Offer
			var err error
			if edit {
				o, err = client.EditOffer(c.Context(), args[0], f)
			} else {
				f.Name = args[0]
				o, err = client.AddOffer(c.Context(), f)
			}
			if err != nil {
				return err
			}
			return e.printOffer(o)
		}),
	}
	if edit {
		c.Use, c.Short = "edit NAME", "Make the next version of an offer; what is not given stays"
		c.Example = "  accolade offer edit classic --overage 60.00"
		c.ValidArgsFunction = e.completeNames(offerNames)
	}
	fs := c.Flags()
	fs.String("title", "", "what the invoice calls it")
	fs.String("title-en", "", "the same in English, for clients whose language is en")
	fs.String("unit", "", "employee, seat or none")
	fs.String("price", "", "euros before tax per unit and month")
	fs.IntVar(&term, "term", 0, "commitment in months")
	fs.String("included", "", "allowance of a contract year, such as 20h")
	fs.String("broken-year", "", "whole or prorated: the allowance of a last year that is cut short")
	fs.StringSliceVar(&counts, "counts", nil, "kinds of work that count against it, and cost beyond it")
	fs.String("overage", "", "euros before tax for an hour beyond the allowance")
	fs.String("hour", "", "the same for offers without an allowance")
	fs.String("setup", "", "one-off, euros before tax; none takes it away")
	fs.String("vat", "", "percent")
	fs.String("early-end", "", "bill or waive the months left until the term")
	fs.String("indexation", "", "per cent put on a contract's price when it is renewed; 0: it takes the price list's")
	fs.IntVar(&notice, "notice", 0, "months between the notice and the end")
	fs.String("travel", "", "how trips are billed: none, trip (each the same) or mode (by bike or truck)")
	fs.String("trip", "", "euros before tax for a trip, with --travel trip")
	fs.String("trip-bike", "", "euros before tax for a trip by bike, with --travel mode")
	fs.String("trip-truck", "", "euros before tax for a trip by truck, with --travel mode")
	c.MarkFlagsMutuallyExclusive("overage", "hour")
	return c
}

func offerNames(c *cobra.Command, client *api.Client) ([]string, error) {
	list, err := client.Offers(c.Context())
	return names(list, func(o api.Offer) string { return o.Name }), err
}

func newOfferList(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the offers",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Offers(c.Context())
			if err != nil {
				return err
			}
			t := newTable("name", "version#", "price#", "unit", "included#", "hour#", "setup#", "source")
			for _, o := range list {
				t.add(o.Name, o.Version, priceCell(o.Price), o.Unit, o.Included, priceCell(o.Hour), priceCell(o.Setup), o.Source)
			}
			return e.print(list, t)
		}),
	}
}

func newOfferExport(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the price list as a file that offers: in the configuration names",
		Long: `Write the price list as YAML to standard output, in the form of the cooperative's own
file (offers: in the configuration): read from there, the offers are the same.`,
		Example: "  accolade offer export > offers.yaml",
		Args:    cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Offers(c.Context())
			if err != nil {
				return err
			}
			_, err = e.stdout.Write(contract.WriteOffers(list))
			return err
		}),
	}
}

// priceCell draws a price that is missing in yellow.
func priceCell(p contract.Price) cell {
	c := cell{text: p.String()}
	if p.State == contract.Required {
		c.colour = yellow
	}
	return c
}

func newOfferShow(e *env) *cobra.Command {
	var version int
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Show an offer",
		Long: `Show an offer as it is, or as it was in a version that something was signed or quoted on.
Such a version never changes: an offers file that gives another price under the same
version is refused when it is to be signed.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(offerNames),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			o, err := client.Offer(c.Context(), args[0], version)
			if err != nil {
				return err
			}
			return e.printOffer(o)
		}),
	}
	c.Flags().IntVar(&version, "version", 0, "as it was in this version (default: as it is)")
	return c
}

func (e *env) printOffer(o api.Offer) error {
	t := newTable("field", "value")
	t.add("name", o.Name)
	t.add("version", o.Version)
	t.add("title", o.Title)
	t.add("unit", o.Unit)
	t.add("price", priceCell(o.Price))
	t.add("setup", priceCell(o.Setup))
	t.add("term", fmt.Sprintf("%d months", o.TermMonths))
	t.add("included", o.Included)
	t.add("broken year", cmp.Or(o.BrokenYear, contract.Whole))
	t.add("counts", strings.Join(texts(o.Counts), " "))
	t.add(o.HourKey(), priceCell(o.Hour))
	t.add("vat", o.VAT.Decimal()+" %")
	t.add("early end", o.EarlyEnd)
	t.add("indexation", o.Indexation.Decimal()+" %")
	t.add("notice", fmt.Sprintf("%d months", o.NoticeMonths))
	t.add("travel", tripWords(o.Travel))
	t.add("source", o.Source)
	if missing := o.Missing(); len(missing) > 0 {
		t.note = "No contract can be signed on it before these are set: " + strings.Join(missing, ", ")
	}
	return e.print(o, t)
}

// tripWords say what a trip costs.
func tripWords(t contract.Trips) string {
	switch t.Rule {
	case contract.PerTrip:
		return t.Each.String() + " a trip"
	case contract.PerMode:
		return fmt.Sprintf("%s by bike, %s by truck", t.Bike, t.Truck)
	}
	return "not billed"
}
