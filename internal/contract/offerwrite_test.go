package contract

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/strictyaml"
)

// drawn is an offer that passes Check.
func drawn(t *rapid.T) Offer {
	price := rapid.Custom(func(t *rapid.T) Price {
		return rapid.SampledFrom([]Price{{}, {State: Required}, PriceOf(money.Cents(rapid.Int64Range(0, 1_000_000).Draw(t, "cents")))}).Draw(t, "price")
	})
	o := Offer{Name: rapid.StringMatching(`[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5})?`).Draw(t, "name"), Version: rapid.IntRange(1, 99).Draw(t, "version"),
		Title: rapid.StringMatching(`[A-Za-z'"#:é€\\-]{1,20}( [a-z{}&*]{1,10})?`).Draw(t, "title"), TitleEN: rapid.StringMatching(`([A-Z'":]{1,9})?`).Draw(t, "English"), Unit: rapid.SampledFrom([]Unit{PerEmployee, PerSeat, NoUnit}).Draw(t, "unit"),
		Price: price.Draw(t, "price"), TermMonths: rapid.SampledFrom([]int{0, 12, 36}).Draw(t, "term"), Included: calendar.Minutes(rapid.SampledFrom([]int{0, 90, 1200}).Draw(t, "included")),
		BrokenYear: rapid.SampledFrom([]BrokenYear{"", Whole, Prorated}).Draw(t, "broken year"), Counts: rapid.SliceOfNDistinct(rapid.SampledFrom(Works), 0, 4, rapid.ID[Work]).Draw(t, "counts"),
		Hour: price.Draw(t, "hour"), Setup: price.Draw(t, "setup"), VAT: rapid.SampledFrom(append(VATRates, 0)).Draw(t, "vat"), EarlyEnd: rapid.SampledFrom([]EarlyEnd{Bill, Waive}).Draw(t, "early end"),
		Indexation: money.Rate(rapid.IntRange(0, 2000).Draw(t, "indexation")), NoticeMonths: rapid.IntRange(0, 12).Draw(t, "notice")}
	switch o.Travel.Rule = rapid.SampledFrom([]TravelRule{"", NoTrips, PerTrip, PerMode}).Draw(t, "travel"); o.Travel.Rule {
	case PerTrip:
		o.Travel.Each = price.Draw(t, "trip")
	case PerMode:
		o.Travel.Bike, o.Travel.Truck = price.Draw(t, "bike"), price.Draw(t, "truck")
	}
	return o
}

// TestOffersThereAndBack: offers that are written as a file are read as they were.
func TestOffersThereAndBack(t *testing.T) {
	some := rapid.Custom(drawn).Filter(func(o Offer) bool { return o.Check() == nil })
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(some, 0, 3, func(o Offer) string { return o.Name }).Draw(t, "offers")
		file := WriteOffers(all)
		read, err := parseOffers("offers.yaml", file, nil)
		if err != nil || len(read) != len(all) {
			t.Fatalf("%v\n%s", err, file)
		}
		for _, want := range all {
			if err := want.Check(); err != nil { // it tidies the title
				t.Fatal(err)
			}
			if want.BrokenYear == "" {
				want.BrokenYear = Whole
			}
			want.Source = "offers.yaml"
			if diff := cmp.Diff(want, read[want.Name], cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s\n%s", diff, file)
			}
		}
	})
}

// TestEveryKeyIsWritten: a key that the file may hold and that is never written would be
// lost on the way.
func TestEveryKeyIsWritten(t *testing.T) {
	full := Offer{Name: "x", TitleEN: "x", Travel: Trips{Rule: PerMode, Each: PriceOf(1), Bike: PriceOf(1), Truck: PriceOf(1)}, Price: PriceOf(1), Setup: PriceOf(1), Hour: PriceOf(1)}
	with := full
	with.Included = 1
	keys := map[string]bool{}
	for _, o := range []Offer{full, with} {
		var f struct {
			Offers map[string]map[string]any `yaml:"offers"`
		}
		if err := strictyaml.Decode(WriteOffers([]Offer{o}), &f); err != nil {
			t.Fatal(err)
		}
		for key := range f.Offers["x"] {
			keys[key] = true
		}
	}
	known := reflect.TypeFor[offerKeys]()
	for i := range known.NumField() {
		if key := known.Field(i).Tag.Get("yaml"); !keys[key] {
			t.Errorf("%s is never written", key)
		}
	}
}
