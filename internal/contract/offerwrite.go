package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// WriteOffers writes offers that passed Check in the form of the cooperative's own file:
// ReadOffers of it gives the same ones, but for their source.
func WriteOffers(offers []Offer) []byte {
	var b bytes.Buffer
	b.WriteString("offers:\n")
	for _, o := range offers {
		fmt.Fprintf(&b, "  %s:\n", inQuotes(o.Name))
		line := func(key, value string) { fmt.Fprintf(&b, "    %s: %s\n", key, value) }
		price := func(key string, p Price) {
			switch p.State {
			case Known:
				line(key, p.Cents.Decimal())
			case Required:
				line(key, string(Required))
			}
		}
		line("version", fmt.Sprint(o.Version))
		line("title", inQuotes(o.Title))
		if o.TitleEN != "" {
			line("title_en", inQuotes(o.TitleEN))
		}
		line("unit", string(o.Unit))
		price("price", o.Price)
		line("term_months", fmt.Sprint(o.TermMonths))
		line("included", fmt.Sprint(int64(o.Included)))
		line("broken_year", string(cmp.Or(o.BrokenYear, Whole)))
		line("counts", "["+list(o.Counts)+"]")
		price(o.HourKey(), o.Hour)
		price("setup", o.Setup)
		line("vat", o.VAT.Decimal())
		line("early_end", string(o.EarlyEnd))
		line("indexation", o.Indexation.Decimal())
		line("notice_months", fmt.Sprint(o.NoticeMonths))
		if o.Travel.Rule != "" {
			line("travel", string(o.Travel.Rule))
		}
		price("trip", o.Travel.Each)
		price("trip_bike", o.Travel.Bike)
		price("trip_truck", o.Travel.Truck)
	}
	return b.Bytes()
}

// inQuotes is a text as YAML in double quotes, where JSON's escapes hold too.
func inQuotes(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // a string always has a form in JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
