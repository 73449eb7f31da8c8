package billing_test

import (
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/support"
)

// travels gives classic a travel rule.
func (f *firm) travels(t contract.Trips) {
	f.Helper()
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Travel = t; return nil })
	f.must(err)
}

func (f *firm) trip(day string, mode fleet.Travel) support.Entry {
	f.Helper()
	e, err := f.ledger.Add(anne, support.Booking{Client: "kerlann", Date: f.day(day), Minutes: 30, Kind: contract.Travel, Who: "anne", Mode: mode})
	f.must(err)
	return e
}

func TestTrips(t *testing.T) {
	bike, truck := contract.PriceOf(5_00), contract.PriceOf(25_50)
	for name, c := range map[string]struct {
		rule   contract.Trips
		modes  []fleet.Travel
		want   []string
		detail string
		tax    int64
	}{
		"none":       {contract.Trips{}, []fleet.Travel{fleet.Bike, ""}, nil, "", 78_00 / 5},
		"per trip":   {contract.Trips{Rule: contract.PerTrip, Each: truck}, []fleet.Travel{fleet.Bike, "", fleet.Truck}, []string{"2026-09 travel 76.50"}, "3\u00a0déplacements en septembre 2026", (78_00 + 76_50) / 5},
		"by mode":    {contract.Trips{Rule: contract.PerMode, Bike: bike, Truck: truck}, []fleet.Travel{fleet.Truck, fleet.Bike, fleet.Truck}, []string{"2026-09 travel 51.00", "2026-09 travel 5.00"}, "2\u00a0déplacements en septembre 2026, en camionnette", (78_00 + 56_00) / 5},
		"bike free":  {contract.Trips{Rule: contract.PerMode, Bike: contract.PriceOf(0), Truck: truck}, []fleet.Travel{fleet.Bike, fleet.Truck}, []string{"2026-09 travel 25.50"}, "1\u00a0déplacement en septembre 2026, en camionnette", (78_00 + 25_50) / 5},
		"one, alone": {contract.Trips{Rule: contract.PerTrip, Each: contract.PriceOf(33)}, []fleet.Travel{""}, []string{"2026-09 travel 0.33"}, "1\u00a0déplacement en septembre 2026", 15_67}, // 78.33 x 20 % = 15.666
	} {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t)
			f.travels(c.rule)
			f.client("Kerlann", "classic", "2026-09-01", 2)
			for _, m := range c.modes {
				f.trip("2026-09-10", m)
			}
			f.at("2026-10-01")
			inv := f.finalise("2026-09")[0]
			f.wantLines(inv, append([]string{"2026-09 subscription 78.00"}, c.want...)...)
			if len(c.want) > 0 {
				if got := inv.Lines[1]; got.Detail != c.detail || got.Unit != billing.Piece || got.Part != billing.Travelled {
					t.Errorf("the line is %+v, want %q", got, c.detail)
				}
			}
			if int64(inv.Tax) != c.tax {
				t.Errorf("tax %s, want %d cents", inv.Tax, c.tax)
			}
		})
	}
}

// TestTripsLate: what is booked or corrected after the month was invoiced comes on the next
// invoice, trips use no minutes, and an invoice that is replaced bills them anew.
func TestTripsLate(t *testing.T) {
	f := newFirm(t)
	f.travels(contract.Trips{Rule: contract.PerMode, Bike: contract.PriceOf(5_00), Truck: contract.PriceOf(25_00)})
	f.client("Kerlann", "classic", "2026-09-01", 2)
	wrong := f.trip("2026-09-03", fleet.Truck)
	f.trip("2026-09-04", fleet.Truck)
	f.at("2026-10-05")
	first := f.finalise("2026-09")[0]
	f.wantLines(first, "2026-09 subscription 78.00", "2026-09 travel 50.00")
	if a := first.Allowance; a.Used != 0 {
		t.Errorf("trips used %s of the allowance", a.Used)
	}
	_, err := f.ledger.Correct(anne, wrong.ID, support.Correction{Mode: new(fleet.Bike), Why: "c'était à vélo"})
	f.must(err)
	f.trip("2026-09-20", fleet.Bike)
	f.at("2026-11-02")
	second := f.finalise("2026-10")[0]
	f.wantLines(second, "2026-10 subscription 78.00", "2026-09 travel -25.00", "2026-09 travel 10.00")
	if d := second.Lines[1].Detail; d != "1\u00a0déplacement en moins pour septembre 2026, en camionnette, corrigés après facturation" {
		t.Errorf("the correction says %q", d)
	}
	_, err = f.bills.Credit(anne, billing.CreditInput{Invoice: first.Number, Reason: "refaire", Replace: true})
	f.must(err)
	f.at("2026-12-02")
	f.wantLines(f.finalise("2026-11")[0], "2026-11 subscription 78.00", "2026-09 subscription 78.00", "2026-09 travel 50.00")
	wrongs, err := f.bills.Differences(t.Context())
	f.must(err)
	if len(wrongs) > 0 {
		t.Errorf("accounts differ from the books: %+v", wrongs)
	}
}

// TestTripsRefused: a trip without a price is not booked.
func TestTripsRefused(t *testing.T) {
	f := newFirm(t)
	f.travels(contract.Trips{Rule: contract.PerMode, Bike: contract.PriceOf(5_00), Truck: contract.PriceOf(25_00)})
	f.client("Kerlann", "classic", "2026-09-01", 2)
	f.client("Penmarch", "classic", "2026-09-01", 2)
	b := support.Booking{Client: "kerlann", Date: f.day("2026-09-03"), Minutes: 30, Kind: contract.Travel, Who: "anne"}
	_, err := f.ledger.Add(anne, b)
	f.refuses(err, "mode is missing: kerlann pays for a trip by its mode: want bike or truck")
	b.Mode = fleet.Bike
	_, err = f.ledger.AddGroup(anne, b, []support.Seat{{Client: "kerlann", Seats: 1}, {Client: "penmarch", Seats: 1}})
	f.refuses(err, "kind travel is refused", "without a group")
}
