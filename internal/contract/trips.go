package contract

import (
	"cmp"
	"slices"
)

// Trips is what the way to a client costs. A trip is one entry of travel in the ledger,
// there and back; kinds of work that count against the allowance are no trips.
type Trips struct {
	Rule  TravelRule `json:"rule,omitempty"`
	Each  Price      `json:"each,omitzero"`  // by PerTrip
	Bike  Price      `json:"bike,omitzero"`  // by PerMode
	Truck Price      `json:"truck,omitzero"` // by PerMode
}

// TravelRule says whether trips are billed. Empty is NoTrips: so were the offers that
// knew no such rule.
type TravelRule string

// The travel rules.
const (
	NoTrips TravelRule = "none" // recorded at cost, never billed
	PerTrip TravelRule = "trip" // the same for each
	PerMode TravelRule = "mode" // by bike or by truck
)

// Bill reports whether trips are billed.
func (t Trips) Bill() bool { return t.Rule == PerTrip || t.Rule == PerMode }

// Trip is the price of one trip by a mode, bike or truck. One whose mode nobody told,
// booked before the offer asked for it, costs the lower of the two.
func (t Trips) Trip(mode string) Price {
	switch {
	case !t.Bill():
		return Price{}
	case t.Rule == PerTrip:
		return t.Each
	case mode == "bike":
		return t.Bike
	case mode == "truck" || t.Truck.Cents < t.Bike.Cents:
		return t.Truck
	}
	return t.Bike
}

func (o Offer) checkTrips() error {
	t := o.Travel
	wanted := map[TravelRule][]string{PerTrip: {"trip"}, PerMode: {"trip_bike", "trip_truck"}}[t.Rule]
	if t.Rule != "" && t.Rule != NoTrips && !t.Bill() {
		return invalid("travel", t.Rule, "want none, trip or mode")
	}
	if t.Bill() && o.CountsWork(Travel) {
		return invalid("travel", t.Rule, "travel counts as hours already (counts): it would cost twice")
	}
	for _, p := range []struct {
		key   string
		price Price
	}{{"trip", t.Each}, {"trip_bike", t.Bike}, {"trip_truck", t.Truck}} {
		switch needed := slices.Contains(wanted, p.key); {
		case needed && p.price.State == NoPrice:
			return invalid(p.key, "", "travel is billed by the rule %s: want euros before tax for a trip, or the word required", t.Rule)
		case !needed && p.price.State != NoPrice:
			return invalid(p.key, p.price, "the travel rule %s has no such price", cmp.Or(t.Rule, NoTrips))
		}
	}
	return nil
}
