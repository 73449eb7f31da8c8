package dolibarr

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// line is a line of an invoice as the API takes it.
type line struct {
	Desc     string `json:"desc"`
	Quantity string `json:"qty"`
	Price    string `json:"subprice"` // before tax
	Rate     string `json:"tva_tx"`
	Kind     int    `json:"product_type"` // 1: a service
	From     int64  `json:"date_start,omitempty"`
	To       int64  `json:"date_end,omitempty"`
}

const service = 1

// priceDecimals are those that Dolibarr keeps of a unit price unless told otherwise
// (MAIN_MAX_DECIMALS_UNIT).
const priceDecimals = 5

// linesOf are lines from which Dolibarr computes the amounts of a document, to the
// cent. It rounds the tax of each line, we that of each rate: where the two differ, a
// rate is one line that names those of the document. nil: there are no such lines, for
// a credit note has no line there that counts the other way.
func linesOf(d books.Document) []line {
	var own, takenOff []line
	for _, l := range d.Lines {
		if d.Kind == books.CreditNote && l.Net < 0 {
			return byRate(d)
		}
		if l.Part != books.Deduction {
			own = append(own, lineOf(l))
		}
	}
	for _, x := range d.Deposits {
		takenOff = append(takenOff, amount(depositLine, -x.Net, -x.Tax, x.Rate))
	}
	if lines := append(own, takenOff...); exact(d, lines) {
		return lines
	}
	return append(byRate(before(d, func(int) bool { return true })), takenOff...)
}

// amount is a line over a net amount and a tax. Where the tax is not what Dolibarr gets
// from the amount, for it was rounded with others', the price has fractions of a cent
// from which it gets both.
func amount(desc string, net, tax money.Cents, rate money.Rate) line {
	l := line{Desc: desc, Quantity: "1", Price: net.Decimal(), Rate: rate.Decimal(), Kind: service}
	if n, t := computed(l); n == net && t == tax {
		return l
	}
	gross := new(big.Rat).Add(big.NewRat(1, 1), new(big.Rat).Quo(decimal(l.Rate), big.NewRat(100, 1)))
	half := big.NewRat(1, 2)
	within := func(side *big.Rat) (ofNet, ofGross *big.Rat) { // the bounds of both roundings, in cents before tax
		total := new(big.Rat).Add((net + tax).Rat(), side)
		return new(big.Rat).Add(net.Rat(), side), total.Quo(total, gross)
	}
	low, other := within(new(big.Rat).Neg(half))
	if other.Cmp(low) > 0 {
		low = other
	}
	high, other := within(half)
	if other.Cmp(high) < 0 {
		high = other
	}
	fine := l
	fine.Price = new(big.Rat).Quo(low.Add(low, high), big.NewRat(200, 1)).FloatString(priceDecimals)
	if n, t := computed(fine); n == net && t == tax {
		return fine
	}
	return l
}

// exact tells whether Dolibarr computes a document's amounts from lines.
func exact(d books.Document, lines []line) bool {
	var net, tax money.Cents
	for _, l := range lines {
		n, t := computed(l)
		net, tax = net+n, tax+t
	}
	return net == d.Net && tax == d.Tax
}

// byRate is one line for each rate.
func byRate(d books.Document) []line {
	var lines []line
	for _, g := range d.Groups {
		if d.Kind == books.CreditNote && g.Net < 0 {
			return nil
		}
		var texts []string
		for _, l := range d.Lines {
			if l.Category == g.Category && l.Rate == g.Rate {
				texts = append(texts, text(l)+": "+l.Net.French())
			}
		}
		lines = append(lines, amount(strings.Join(texts, "\n"), g.Net, g.Tax, g.Rate))
	}
	return lines
}

// lineOf keeps quantity and price where Dolibarr gets the same amount from them.
func lineOf(l billing.Line) line {
	out := line{Desc: text(l), Quantity: "1", Price: l.Net.Decimal(), Rate: l.Rate.Decimal(), Kind: service, From: noon(l.From), To: noon(l.To)}
	if l.Per == 1 && l.Quantity > 0 {
		exact := new(big.Rat).Mul(l.Price.Rat(), big.NewRat(1, 100))
		kept := exact.FloatString(priceDecimals)
		whole := line{Quantity: strconv.FormatInt(l.Quantity, 10), Price: kept, Rate: out.Rate}
		if net, _ := computed(whole); net == l.Net {
			out.Quantity, out.Price = whole.Quantity, kept
		}
	}
	return out
}

func text(l billing.Line) string { return strings.TrimSuffix(l.Title+": "+l.Detail, ": ") }

// computed are net amount and tax as Dolibarr computes them (calcul_price_total): the
// tax is the rounded amount with it less the rounded one without.
func computed(l line) (net, tax money.Cents) {
	exact := new(big.Rat).Mul(new(big.Rat).Mul(decimal(l.Quantity), decimal(l.Price)), big.NewRat(100, 1))
	gross := new(big.Rat).Mul(exact, new(big.Rat).Add(big.NewRat(1, 1), new(big.Rat).Quo(decimal(l.Rate), big.NewRat(100, 1))))
	net = money.Round(exact)
	return net, money.Round(gross) - net
}

// decimal reads a number of our own making.
func decimal(s string) *big.Rat {
	if r, ok := new(big.Rat).SetString(s); ok {
		return r
	}
	return new(big.Rat)
}

// noon is a day for Dolibarr, which takes instants and makes days of them in its own
// time zone.
func noon(d calendar.Date) int64 {
	if d.IsZero() {
		return 0
	}
	return d.Midnight(time.UTC).Add(12 * time.Hour).Unix()
}
