// Package chart draws a margin as SVG: income, cost and margin month by month, added
// up, and what would be left if the client went away; what is still to come is dashed.
//
// Words are French, amounts whole euros. The colours are those of Okabe and Ito, which
// all eyes tell apart, and every line bears its name. The same margin gives the same
// bytes; the package reckons nothing but places.
package chart

import (
	"fmt"
	"html"
	"math"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Measures in user units.
const (
	width, height = 1000.0, 540.0
	left, right   = 106.0, width - 200.0
	top, bottom   = 100.0, height - 88.0
)

// series is one line of the chart.
type series struct {
	name   string
	colour string
	thick  float64
	dash   string // of the whole line; empty: only what is to come is dashed
	values []money.Cents
}

// SVG draws what a contract earns, or all of them.
func SVG(title string, m margin.Margin, on calendar.Date) []byte {
	c := chart{months: m.Months, on: on}
	c.series = added(m.Months)
	if m.Contract == "" {
		c.series[3].name = "Si tous partent"
	}
	c.scale()
	c.open(title, m)
	if len(m.Months) == 0 {
		c.text(left, top+40, 15, grey, "start", "Rien n'est encore enregistré.")
		return c.close()
	}
	c.grid()
	c.today()
	for _, s := range c.series {
		c.line(s)
	}
	c.names()
	c.even(m.BreakEven)
	return c.close()
}

const (
	ink  = "#181c21"
	grey = "#5c6670"
	pale = "#dfe4e9"
)

// added adds the months up.
func added(months []margin.Monthly) []series {
	all := []series{
		{name: "Revenus", colour: "#0072b2", thick: 2.5},
		{name: "Coûts", colour: "#d55e00", thick: 2.5},
		{name: "Marge", colour: "#007a5a", thick: 4},
		{name: "Si le client part", colour: ink, thick: 1.6, dash: "2 4"},
	}
	var sum margin.Sum
	for i := range all {
		all[i].values = []money.Cents{0}
	}
	for _, m := range months {
		sum = sum.Plus(m.Sum)
		for i, v := range []money.Cents{sum.Income, sum.Cost(), sum.Margin(), sum.Margin() - m.Residual} {
			all[i].values = append(all[i].values, v)
		}
	}
	return all
}

type chart struct {
	b         strings.Builder
	months    []margin.Monthly
	on        calendar.Date
	series    []series
	low, high money.Cents // of the axis
	step      money.Cents
}

// scale chooses steps of 1, 2 or 5 times a power of ten, at most eight of them.
func (c *chart) scale() {
	for _, s := range c.series {
		for _, v := range s.values {
			c.low, c.high = min(c.low, v), max(c.high, v)
		}
	}
	span := max(c.high-c.low, 100)
	c.step = 100
	for i := 0; span/c.step >= 8; i++ {
		c.step = c.step * []money.Cents{2, 5, 2}[i%3] / []money.Cents{1, 2, 1}[i%3]
	}
	c.low = -((-c.low + c.step - 1) / c.step * c.step)
	c.high = max(c.step, (c.high+c.step-1)/c.step*c.step)
}

// x is the place of the end of a month; 0 is the beginning.
func (c *chart) x(n float64) float64 {
	return left + (right-left)*n/float64(max(1, len(c.months)))
}

func (c *chart) y(v money.Cents) float64 {
	return bottom - (bottom-top)*float64(v-c.low)/float64(c.high-c.low)
}

func (c *chart) open(title string, m margin.Margin) {
	fmt.Fprintf(&c.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img" lang="fr" font-family="Liberation Sans, Arial, Helvetica, sans-serif">`+"\n",
		width, height, width, height)
	summary := fmt.Sprintf("Au %s : marge de %s.", billing.DateText(c.on), euros(m.ToDate.Margin()))
	if len(m.Months) > 0 {
		end, leaves := "À la fin des engagements", "Si tous partent alors"
		if m.Contract != "" {
			end, leaves = "À la fin de l'engagement ("+billing.DateText(m.Committed)+")", "Si le client part alors"
		}
		summary = fmt.Sprintf("Au %s : %s.  %s : %s.  %s : %s.", billing.DateText(c.on), euros(m.ToDate.Margin()), end, euros(m.AtEnd.Margin()), leaves, euros(m.NotRenewed()))
	}
	fmt.Fprintf(&c.b, "<title>%s</title>\n<desc>%s</desc>\n", html.EscapeString(title), html.EscapeString(summary))
	fmt.Fprintf(&c.b, `<rect width="%g" height="%g" fill="#ffffff"/>`+"\n", width, height)
	c.text(24, 36, 21, ink, "start", shorten(title, 66), "bold")
	c.text(24, 61, 14, grey, "start", summary)
}

// shorten cuts a name that would run out of the picture.
func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return s
}

func (c *chart) close() []byte {
	c.b.WriteString("</svg>\n")
	return []byte(c.b.String())
}

func (c *chart) text(x, y, size float64, colour, anchor, words string, weight ...string) {
	bold := ""
	if len(weight) > 0 {
		bold = ` font-weight="` + weight[0] + `"`
	}
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" font-size="%g" fill="%s" text-anchor="%s"%s>%s</text>`+"\n", x, y, size, colour, anchor, bold, html.EscapeString(words))
}

func (c *chart) rule(x1, y1, x2, y2 float64, colour string, thick float64, dash string) {
	if dash != "" {
		dash = ` stroke-dasharray="` + dash + `"`
	}
	fmt.Fprintf(&c.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"%s/>`+"\n", x1, y1, x2, y2, colour, thick, dash)
}

// grid draws the amounts and the months.
func (c *chart) grid() {
	if c.low < 0 {
		fmt.Fprintf(&c.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#fbf3ee"/>`+"\n", left, c.y(0), right-left, c.y(c.low)-c.y(0))
	}
	for v := c.low; v <= c.high; v += c.step {
		colour, thick := pale, 1.0
		if v == 0 {
			colour, thick = ink, 1.2
		}
		c.rule(left, c.y(v), right, c.y(v), colour, thick, "")
		c.text(left-10, c.y(v)+4.5, 13, grey, "end", euros(v))
	}
	every := 1
	for _, n := range []int{2, 3, 6, 12, 24, 36, 60, 120} {
		if len(c.months)/every > 13 {
			every = n
		}
	}
	year := 0
	for i, m := range c.months {
		if i%every != 0 {
			continue
		}
		x := (c.x(float64(i)) + c.x(float64(i+1))) / 2
		c.text(x, bottom+21, 13, grey, "middle", monthNames[m.Month.Month-1])
		if m.Month.Year != year {
			year = m.Month.Year
			c.text(x, bottom+39, 13, ink, "middle", fmt.Sprint(year), "bold")
		}
	}
}

var monthNames = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}

// done is how many months, and which part of one, are over.
func (c *chart) done() float64 {
	for i, m := range c.months {
		if m.Planned {
			return float64(i) + math.Max(0, float64(m.Month.First().DaysUntil(c.on)+1))/float64(m.Month.Days())
		}
	}
	return float64(len(c.months))
}

// today marks the day of the report.
func (c *chart) today() {
	n := c.done()
	if n >= float64(len(c.months)) {
		return
	}
	x := c.x(n)
	c.rule(x, top-10, x, bottom, grey, 1, "")
	anchor := "middle"
	if n == 0 {
		anchor = "start"
	}
	c.text(x, top-15, 12, grey, anchor, "aujourd'hui")
}

// line draws a series: what is over in full, what is to come dashed.
func (c *chart) line(s series) {
	cut := 0
	for cut < len(c.months) && !c.months[cut].Planned {
		cut++
	}
	draw := func(from, to int, dash string) {
		if to <= from {
			return
		}
		var points []string
		for i := from; i <= to; i++ {
			points = append(points, fmt.Sprintf("%.1f,%.1f", c.x(float64(i)), c.y(s.values[i])))
		}
		if dash != "" {
			dash = ` stroke-dasharray="` + dash + `"`
		}
		fmt.Fprintf(&c.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="%g" stroke-linejoin="round"%s/>`+"\n", strings.Join(points, " "), s.colour, s.thick, dash)
	}
	if s.dash != "" {
		draw(0, len(c.months), s.dash)
		return
	}
	draw(0, cut, "")
	draw(cut, len(c.months), "9 5")
}

// names writes each line's name and last amount at its end, apart from each other.
func (c *chart) names() {
	const apart = 36.0
	type end struct {
		series
		y float64
	}
	var ends []end
	for _, s := range c.series {
		ends = append(ends, end{s, c.y(s.values[len(s.values)-1])})
	}
	for i := range ends { // by height
		for j := i; j > 0 && ends[j].y < ends[j-1].y; j-- {
			ends[j], ends[j-1] = ends[j-1], ends[j]
		}
	}
	places := make([]float64, len(ends))
	for i := range ends {
		places[i] = ends[i].y
		if i > 0 {
			places[i] = math.Max(places[i], places[i-1]+apart)
		}
	}
	if over := places[len(places)-1] - (bottom - 6); over > 0 {
		places[len(places)-1] -= over
		for i := len(places) - 2; i >= 0; i-- {
			places[i] = math.Min(places[i], places[i+1]-apart)
		}
	}
	for i, e := range ends {
		fmt.Fprintf(&c.b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", right, e.y, e.colour)
		c.rule(right+6, e.y, right+20, places[i], e.colour, 1, "")
		c.text(right+26, places[i]-2, 13, e.colour, "start", e.name, "bold")
		c.text(right+26, places[i]+14, 14, ink, "start", euros(e.values[len(e.values)-1]))
	}
}

// even marks the month from which on the client may leave without a loss, or says that
// it lies beyond the picture.
func (c *chart) even(on calendar.Date) {
	mark := ""
	for i, m := range c.months {
		if m.Month == on.MonthOf() {
			mark = "○ "
			x := c.x(float64(i + 1))
			y := c.y(c.series[3].values[i+1])
			fmt.Fprintf(&c.b, `<circle cx="%.1f" cy="%.1f" r="6" fill="#ffffff" stroke="%s" stroke-width="2"/>`+"\n", x, y, ink)
		}
	}
	words := "Ne devient pas rentable dans les dix ans, si le client peut partir à tout moment."
	if !on.IsZero() {
		words = mark + "Rentable, même si le client part, à partir du " + billing.DateText(on) + "."
	}
	c.text(24, height-16, 13, ink, "start", words+"   Trait plein : constaté ; tirets : à venir.")
}

// euros are whole euros, with a real minus.
func euros(c money.Cents) string {
	sign := ""
	if c < 0 {
		sign, c = "−", -c
	}
	words := ((c + 50) / 100 * 100).French()
	return sign + strings.Replace(words, ",00", "", 1)
}
