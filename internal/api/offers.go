package api

import (
	"context"
	"strconv"

	"codeberg.org/accolade/accolade/internal/contract"
)

// Offer is an entry of the price list.
type Offer = contract.Offer

// OfferFields are what an offer is added with, or what an edit changes: fields that
// are left out stay as they are. Prices are euros before tax as text (`39.00`), or the
// word required.
type OfferFields struct {
	Name         string    `json:"name,omitempty" doc:"needed to add one"`
	Title        *string   `json:"title,omitempty" doc:"what the invoice calls it"`
	TitleEN      *string   `json:"title_en,omitempty" doc:"the same in English, for clients whose language is en"`
	Unit         *string   `json:"unit,omitempty" doc:"employee, seat or none"`
	Price        *string   `json:"price,omitempty" doc:"per unit and month"`
	TermMonths   *int      `json:"term_months,omitempty"`
	Included     *string   `json:"included,omitempty" doc:"allowance of a contract year, such as 20h"`
	BrokenYear   *string   `json:"broken_year,omitempty" doc:"whole or prorated: the allowance of a last year that is cut short"`
	Counts       *[]string `json:"counts,omitempty" doc:"kinds of work that count against it and cost beyond it"`
	Hour         *string   `json:"hour,omitempty" doc:"an hour that the allowance does not cover (the overage)"`
	Setup        *string   `json:"setup,omitempty" doc:"one-off; the word none takes it away"`
	VAT          *string   `json:"vat,omitempty" doc:"percent"`
	EarlyEnd     *string   `json:"early_end,omitempty" doc:"bill or waive"`
	Indexation   *string   `json:"indexation,omitempty" doc:"per cent put on a contract's price when it is renewed; 0: it takes the price list's"`
	NoticeMonths *int      `json:"notice_months,omitempty" doc:"between the notice and the end"`
	Travel       *string   `json:"travel,omitempty" doc:"none, trip or mode: how trips are billed"`
	Trip         *string   `json:"trip,omitempty" doc:"a trip, with travel trip; the word none takes it away"`
	TripBike     *string   `json:"trip_bike,omitempty" doc:"a trip by bike, with travel mode"`
	TripTruck    *string   `json:"trip_truck,omitempty" doc:"a trip by truck, with travel mode"`
}

// Offers lists the price list.
func (c *Client) Offers(ctx context.Context) ([]Offer, error) {
	var out []Offer
	return out, c.Get(ctx, "/offers", &out)
}

// Offer finds an offer by name, as it was in a version; 0: as it is.
func (c *Client) Offer(ctx context.Context, name string, version int) (Offer, error) {
	var out Offer
	return out, c.Get(ctx, withQuery(path("offers", name), "version", strconv.Itoa(version)), &out)
}

// AddOffer puts a new offer on the price list.
func (c *Client) AddOffer(ctx context.Context, f OfferFields) (Offer, error) {
	var out Offer
	return out, c.Post(ctx, "/offers", f, &out)
}

// EditOffer makes the next version of an offer.
func (c *Client) EditOffer(ctx context.Context, name string, f OfferFields) (Offer, error) {
	var out Offer
	return out, c.Patch(ctx, path("offers", name), f, &out)
}
