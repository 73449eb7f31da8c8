package billing

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// tripLines are the trips of one month's entries, where the contract's offer of their
// day bills them: a line for each price and mode. An entry that takes one back is a trip
// less; what is taken back and booked anew at the same price is no line.
func tripLines(g hours, m calendar.Month, k contract.Contract, in Language) []Line {
	type kind struct {
		mode  string
		price money.Cents
	}
	trips := map[kind]int64{}
	var order []kind
	for _, e := range g.entries {
		offer := k.OfferOn(e.Date)
		if e.Kind != contract.Travel || !offer.Travel.Bill() {
			continue
		}
		of := kind{price: offer.Travel.Trip(string(e.Mode)).Cents}
		if offer.Travel.Rule == contract.PerMode {
			of.mode = string(e.Mode)
		}
		if !slices.Contains(order, of) {
			order = append(order, of)
		}
		if e.Reverts != "" {
			trips[of]--
		} else {
			trips[of]++
		}
	}
	var lines []Line
	for _, of := range order {
		n := trips[of]
		if n == 0 || of.price == 0 {
			continue
		}
		title, detail := in.trips(g.month, g.month != m, n, of.mode)
		lines = append(lines, Line{Part: Travelled, Title: title, Detail: detail, For: g.month, From: g.month.First(), To: g.month.Last(),
			Quantity: n, Unit: Piece, Price: money.PriceOf(of.price.Rat()), Per: 1, Net: of.price * money.Cents(n)})
	}
	return lines
}

// trips is `2 déplacements en octobre 2026, à vélo`.
func (in Language) trips(m calendar.Month, late bool, n int64, mode string) (title, detail string) {
	by := map[string]string{"bike": ", à vélo", "truck": ", en camionnette"}
	words := []string{"Déplacements", "déplacement", "%s en %s%s", "%s en %s%s, enregistrés après facturation", "%s en moins pour %s%s, corrigés après facturation"}
	if in == English {
		by = map[string]string{"bike": ", by bike", "truck": ", by van"}
		words = []string{"Travel", "trip", "%s in %s%s", "%s of %s%s, recorded after invoicing", "%s less for %s%s, corrected after invoicing"}
	}
	form := words[2]
	switch {
	case n < 0:
		form, n = words[4], -n
	case late:
		form = words[3]
	}
	month := in.Month(m)
	return words[0], fmt.Sprintf(form, counted(int(n), words[1]), month, by[mode])
}
