package contract

import (
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Offer is an entry of the price list: data, never code. Prices are before tax.
type Offer struct {
	Name         string           `json:"name"`               // classic, island, solo, or a cooperative's own
	Version      int              `json:"version"`            // goes up with every edition
	Title        string           `json:"title"`              // what the invoice calls it
	TitleEN      string           `json:"title_en,omitempty"` // the same in English; empty: Title
	Unit         Unit             `json:"unit"`
	Price        Price            `json:"price"`       // per unit and month
	TermMonths   int              `json:"term_months"` // commitment; 0 is none
	Included     calendar.Minutes `json:"included"`    // allowance of one contract year
	BrokenYear   BrokenYear       `json:"broken_year,omitempty"`
	Counts       []Work           `json:"counts"` // kinds that count against the allowance, and cost beyond it
	Hour         Price            `json:"hour"`   // an hour that the allowance does not cover
	Setup        Price            `json:"setup"`  // one-off, in the month of the start
	VAT          money.Rate       `json:"vat"`
	EarlyEnd     EarlyEnd         `json:"early_end"`
	Travel       Trips            `json:"travel,omitzero"`         // what the way there costs
	Indexation   money.Rate       `json:"indexation,omitempty"`    // put on the price at each renewal; 0: renewals take the price list's
	NoticeMonths int              `json:"notice_months,omitempty"` // between the notice and the end; 0 is none
	Source       string           `json:"source"`                  // the file it was read from, or `edited here`
}

// BrokenYear is what becomes of the allowance of a contract year in which the
// contract ends before the anniversary. Empty is Whole: so were the offers that knew no
// such setting.
type BrokenYear string

// The two ways.
const (
	Whole    BrokenYear = "whole"    // all of it
	Prorated BrokenYear = "prorated" // by the days served, to the nearest minute
)

// Unit is what the monthly price is multiplied by.
type Unit string

// The units of offers.
const (
	PerEmployee Unit = "employee"
	PerSeat     Unit = "seat" // one sole trader on an island
	NoUnit      Unit = "none" // nothing is due by the month
)

// Work is a kind of work in the hours ledger.
type Work string

// The kinds of work.
const (
	Accompaniment Work = "accompaniment"
	Training      Work = "training"
	Assistance    Work = "assistance"
	Intervention  Work = "intervention" // on our own equipment
	Travel        Work = "travel"
)

// Works are all kinds of work, in the order of help texts.
var Works = []Work{Accompaniment, Training, Assistance, Intervention, Travel}

// Price is an amount before tax, or the fact that there is none, or that
// nobody has told it yet.
type Price struct {
	State PriceState  `json:"state,omitempty"`
	Cents money.Cents `json:"cents,omitempty"`
}

// PriceState says whether a price has an amount.
type PriceState string

// The states of a price.
const (
	NoPrice  PriceState = ""         // the offer has no such price
	Known    PriceState = "known"    // Cents holds it
	Required PriceState = "required" // to be set before a contract can be signed
)

// PriceOf is a known price.
func PriceOf(c money.Cents) Price { return Price{Known, c} }

// String is `39.00 EUR`, `required` or `-`.
func (p Price) String() string {
	switch p.State {
	case Known:
		return p.Cents.String()
	case Required:
		return "required"
	}
	return "-"
}

// mostPrice bounds prices, so that every amount stays in its range.
const mostPrice = money.Cents(1_000_000_00)

// CountsWork reports whether a kind of work counts against the allowance.
func (o Offer) CountsWork(w Work) bool { return slices.Contains(o.Counts, w) }

// HourKey is the name that the offer's file gives to the price of an hour.
func (o Offer) HourKey() string {
	if o.Included > 0 {
		return "overage"
	}
	return "hour"
}

// Settled reports whether a month has to settle entries of a kind of work: they count
// against the allowance, or each of them is a trip that costs.
func (o Offer) Settled(w Work) bool { return o.CountsWork(w) || w == Travel && o.Travel.Bill() }

// Missing are the keys of prices that nobody has told yet.
func (o Offer) Missing() []string {
	var keys []string
	for _, p := range []struct {
		key   string
		price Price
	}{{"price", o.Price}, {"setup", o.Setup}, {o.HourKey(), o.Hour}, {"trip", o.Travel.Each}, {"trip_bike", o.Travel.Bike}, {"trip_truck", o.Travel.Truck}} {
		if p.price.State == Required {
			keys = append(keys, p.key)
		}
	}
	return keys
}

// signable refuses an offer one of whose prices nobody has told.
func (o Offer) signable() error {
	missing := o.Missing()
	if len(missing) == 0 {
		return nil
	}
	return refused(fmt.Sprintf("set it with: accolade offer edit %s --%s EUROS (or in the cooperative's own file, `offers:` in the configuration)", o.Name, missing[0]),
		"offers.%s.%s is still \"required\" in %s: nobody has told this price", o.Name, strings.Join(missing, " and offers."+o.Name+"."), o.Source)
}

// Check refuses an offer that cannot be computed with. The field of an Invalid
// is the key of the offer's file.
func (o *Offer) Check() error {
	o.Title, o.TitleEN = tidy(o.Title), tidy(o.TitleEN)
	if o.Name != slug(o.Name) || o.Name == "" || len(o.Name) > 40 {
		return invalid("name", o.Name, "want lower-case letters, digits and dashes, such as classic")
	}
	if err := checkText("title", o.Title, 1, 120); err != nil {
		return err
	}
	if err := checkText("title_en", o.TitleEN, 0, 120); err != nil {
		return err
	}
	switch {
	case o.Version < 1:
		return invalid("version", o.Version, "want 1 or more")
	case o.Unit != PerEmployee && o.Unit != PerSeat && o.Unit != NoUnit:
		return invalid("unit", o.Unit, "want employee, seat or none")
	case o.Unit == NoUnit && o.Price.State != NoPrice:
		return invalid("price", o.Price, "the offer has no unit to multiply it by")
	case o.Unit != NoUnit && o.Price.State == NoPrice:
		return invalid("price", "", "want euros per %s and month, such as 39.00", o.Unit)
	case o.TermMonths < 0 || o.TermMonths > 120:
		return invalid("term_months", o.TermMonths, "want 0 to 120")
	case o.Unit == NoUnit && o.TermMonths > 0:
		return invalid("term_months", o.TermMonths, "an offer without a monthly price has no term")
	case o.Included < 0 || o.Included > 60*8784:
		return invalid("included", o.Included, "want 0 to 8784h, a year")
	case len(o.Counts) > 0 && o.Hour.State == NoPrice:
		return invalid(o.HourKey(), "", "hours of %s cost something: want euros an hour, or the word required", list(o.Counts))
	case o.VAT != 0 && !slices.Contains(VATRates, o.VAT):
		return invalid("vat", o.VAT.Decimal(), "want 0, or a rate of French VAT: %s", VATRatesText())
	case o.BrokenYear != "" && o.BrokenYear != Whole && o.BrokenYear != Prorated:
		return invalid("broken_year", o.BrokenYear, "want whole or prorated")
	case o.Indexation < 0 || o.Indexation > 20_00:
		return invalid("indexation", o.Indexation.Decimal(), "want a percentage from 0 to 20, such as 2.5")
	case o.Indexation > 0 && o.TermMonths == 0:
		return invalid("indexation", o.Indexation.Decimal(), "an offer without a term is never renewed")
	case o.NoticeMonths < 0 || o.NoticeMonths > 12:
		return invalid("notice_months", o.NoticeMonths, "want 0 to 12")
	case o.EarlyEnd != Bill && o.EarlyEnd != Waive:
		return invalid("early_end", o.EarlyEnd, "want bill or waive")
	}
	for _, w := range o.Counts {
		if !slices.Contains(Works, w) {
			return invalid("counts", w, "want kinds of work: %s", list(Works))
		}
	}
	if err := o.checkTrips(); err != nil {
		return err
	}
	for key, p := range map[string]Price{"price": o.Price, "setup": o.Setup, o.HourKey(): o.Hour, "trip": o.Travel.Each, "trip_bike": o.Travel.Bike, "trip_truck": o.Travel.Truck} {
		if p.State == Known && (p.Cents < 0 || p.Cents > mostPrice) {
			return invalid(key, p, "want 0 to %s", mostPrice)
		}
	}
	return nil
}
