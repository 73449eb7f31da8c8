package contract

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/strictyaml"
)

//go:embed offers.yaml
var shipped []byte

// shippedFile is what an offer that ships names as its source.
const shippedFile = "offers.yaml (shipped)"

// ReadOffers reads the offers that ship and lays the cooperative's own file
// over them: of an offer that both hold, the own file needs to give only the keys
// that differ. An empty path is no own file. Errors name file, line and column.
func ReadOffers(path string) (map[string]Offer, error) {
	offers, err := parseOffers(shippedFile, shipped, nil)
	if err != nil || path == "" {
		return offers, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("offers file: %w", err)
	}
	own, err := parseOffers(path, data, offers)
	if err != nil {
		return nil, err
	}
	maps.Copy(offers, own)
	return offers, nil
}

// offerFile is the file's shape. Every scalar is a field, so that a bad value
// can be named with its place.
type offerFile struct {
	Offers map[string]offerKeys `yaml:"offers"`
}

type offerKeys struct {
	Version      field   `yaml:"version"`
	Title        field   `yaml:"title"`
	TitleEN      field   `yaml:"title_en"`
	Unit         field   `yaml:"unit"`
	Price        field   `yaml:"price"`
	TermMonths   field   `yaml:"term_months"`
	Included     field   `yaml:"included"`
	BrokenYear   field   `yaml:"broken_year"`
	Counts       []field `yaml:"counts"`
	Overage      field   `yaml:"overage"`
	Hour         field   `yaml:"hour"`
	Setup        field   `yaml:"setup"`
	VAT          field   `yaml:"vat"`
	EarlyEnd     field   `yaml:"early_end"`
	Indexation   field   `yaml:"indexation"`
	NoticeMonths field   `yaml:"notice_months"`
	Travel       field   `yaml:"travel"`
	Trip         field   `yaml:"trip"`
	TripBike     field   `yaml:"trip_bike"`
	TripTruck    field   `yaml:"trip_truck"`
}

// field is a scalar as it was written, with its place.
type field struct {
	text string
	at   *token.Position
	bad  bool // a list or a map stood where one value belongs
}

// UnmarshalYAML keeps the scalar's own text, so that 39.00 is never a float.
func (f *field) UnmarshalYAML(node ast.Node) error {
	tok := node.GetToken()
	_, scalar := node.(ast.ScalarNode)
	*f = field{tok.Value, tok.Position, !scalar}
	return nil
}

func parseOffers(file string, data []byte, base map[string]Offer) (map[string]Offer, error) {
	var f offerFile
	if err := strictyaml.Decode(data, &f); err != nil && !errors.Is(err, io.EOF) {
		var y yaml.Error
		if errors.As(err, &y) && y.GetToken() != nil {
			return nil, at(file, y.GetToken().Position, errors.New(y.GetMessage()))
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	offers := map[string]Offer{}
	for _, name := range slices.Sorted(maps.Keys(f.Offers)) {
		o, known := base[name]
		if !known {
			o = Offer{VAT: 20_00, EarlyEnd: Bill}
		}
		o.Name, o.Source = name, file
		keys := f.Offers[name]
		if err := keys.apply(file, &o); err != nil {
			return nil, err
		}
		if err := o.Check(); err != nil {
			return nil, keys.locate(file, name, err)
		}
		offers[name] = o
	}
	return offers, nil
}

// apply lays the keys that were given over an offer.
func (k offerKeys) apply(file string, o *Offer) error {
	for _, set := range []struct {
		f    field
		into func(string) error
	}{
		{k.Version, whole(&o.Version)},
		{k.Title, text(&o.Title)},
		{k.TitleEN, text(&o.TitleEN)},
		{k.Unit, text(&o.Unit)},
		{k.Price, price(&o.Price)},
		{k.TermMonths, whole(&o.TermMonths)},
		{k.Included, func(s string) (err error) { o.Included, err = calendar.ParseMinutes(s); return }},
		{k.BrokenYear, text(&o.BrokenYear)},
		{k.Overage, price(&o.Hour)},
		{k.Hour, price(&o.Hour)},
		{k.Setup, price(&o.Setup)},
		{k.VAT, func(s string) (err error) { o.VAT, err = money.ParseRate(s); return }},
		{k.EarlyEnd, text(&o.EarlyEnd)},
		{k.Indexation, func(s string) (err error) { o.Indexation, err = money.ParseRate(s); return }},
		{k.NoticeMonths, whole(&o.NoticeMonths)},
		{k.Travel, text(&o.Travel.Rule)},
		{k.Trip, price(&o.Travel.Each)},
		{k.TripBike, price(&o.Travel.Bike)},
		{k.TripTruck, price(&o.Travel.Truck)},
	} {
		if set.f.at == nil {
			continue
		}
		if set.f.bad {
			return at(file, set.f.at, errors.New("want a single value"))
		}
		if err := set.into(set.f.text); err != nil {
			return at(file, set.f.at, err)
		}
	}
	if k.Counts != nil {
		o.Counts = nil
		for _, c := range k.Counts {
			o.Counts = append(o.Counts, Work(c.text))
		}
	}
	if k.Overage.at != nil && k.Hour.at != nil {
		return at(file, k.Hour.at, errors.New("hour and overage are the same price: overage for offers that include hours, hour for those that do not"))
	}
	if wrong := map[string]field{"overage": k.Hour, "hour": k.Overage}[o.HourKey()]; wrong.at != nil {
		return at(file, wrong.at, fmt.Errorf("an offer with %s included calls this price %s", o.Included, o.HourKey()))
	}
	return nil
}

// locate puts the place of the refused key in front of an error.
func (k offerKeys) locate(file, name string, err error) error {
	var bad *Invalid
	if !errors.As(err, &bad) {
		return fmt.Errorf("%s: offer %s: %w", file, name, err)
	}
	places := map[string]field{"version": k.Version, "title": k.Title, "title_en": k.TitleEN, "unit": k.Unit, "price": k.Price, "term_months": k.TermMonths,
		"included": k.Included, "broken_year": k.BrokenYear, "overage": k.Overage, "hour": k.Hour, "setup": k.Setup, "vat": k.VAT, "early_end": k.EarlyEnd,
		"indexation": k.Indexation, "notice_months": k.NoticeMonths,
		"travel": k.Travel, "trip": k.Trip, "trip_bike": k.TripBike, "trip_truck": k.TripTruck}
	place := places[bad.Field]
	for _, c := range k.Counts {
		if bad.Field == "counts" && c.text == bad.Value {
			place = c
		}
	}
	if place.at == nil {
		return fmt.Errorf("%s: offer %s: %w", file, name, err)
	}
	return at(file, place.at, fmt.Errorf("offer %s: %w", name, err))
}

func at(file string, p *token.Position, err error) error {
	return fmt.Errorf("%s:%d:%d: %w", file, p.Line, p.Column, err)
}

func text[T ~string](into *T) func(string) error {
	return func(s string) error { *into = T(s); return nil }
}

func whole(into *int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("%q: want a whole number", s)
		}
		*into = n
		return nil
	}
}

func price(into *Price) func(string) error {
	return func(s string) error {
		if s == string(Required) {
			*into = Price{State: Required}
			return nil
		}
		c, err := money.ParseCents(s)
		if err != nil {
			return fmt.Errorf("%w, or the word required", err)
		}
		*into = PriceOf(c)
		return nil
	}
}
