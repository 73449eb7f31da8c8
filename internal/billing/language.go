package billing

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// Language is what a document is written in. It is chosen by the client's language
// when the document is drafted, and frozen with it: a client who changes it later
// changes nothing that was issued.
type Language string

// The languages. French is empty, as in what was frozen before there was another.
const (
	French  Language = ""
	English Language = "en"
)

// languageOf is the language that a client's invoices are written in.
func languageOf(c contract.Client) Language {
	if c.Language == string(English) {
		return English
	}
	return French
}

// Tag is the language by BCP 47.
func (in Language) Tag() string {
	if in == English {
		return "en-GB"
	}
	return "fr-FR"
}

// Money is `1 234,56 €` or `€1,234.56`.
func (in Language) Money(c money.Cents) string {
	if in == English {
		return c.English()
	}
	return c.French()
}

// Price is a price as Money writes amounts, with as many decimals as it has.
func (in Language) Price(p money.UnitPrice) string {
	if in == English {
		return p.English()
	}
	return p.French()
}

// Rate is `5,5 %` or `5.5%`.
func (in Language) Rate(r money.Rate) string {
	if in == English {
		return r.English()
	}
	return r.French()
}

// Date is `1er octobre 2026` or `1 October 2026`, empty for no date.
func (in Language) Date(d calendar.Date) string {
	if in == English && !d.IsZero() {
		return fmt.Sprintf("%d\u00a0%s", d.Day, in.Month(d.MonthOf()))
	}
	return DateText(d)
}

// Span is `du 1er au 19 octobre 2026` or `1 to 19 October 2026`.
func (in Language) Span(from, to calendar.Date) string {
	if in != English {
		return spanText(from, to)
	}
	switch {
	case from == to:
		return "on " + in.Date(from)
	case from.MonthOf() == to.MonthOf():
		return fmt.Sprintf("%d to %s", from.Day, in.Date(to))
	}
	return in.Date(from) + " to " + in.Date(to)
}

// Hours is `18 h 30`, in English `18 h 30 min`.
func (in Language) Hours(m calendar.Minutes) string {
	words := HoursWords(m)
	if rest := m % 60; in == English && rest != 0 && (m >= 60 || m <= -60) {
		words += "\u00a0min"
	}
	return words
}

// offer is what an offer is called.
func (in Language) offer(o contract.Offer) string {
	if in == English && o.TitleEN != "" {
		return o.TitleEN
	}
	return o.Title
}

// Month is `octobre 2026` or `October 2026`.
func (in Language) Month(m calendar.Month) string {
	if in == English {
		return fmt.Sprintf("%s %d", m.Month, m.Year)
	}
	return monthText(m)
}

// Count is `12 salariés` or `12 employees`.
func (in Language) Count(n int, unit contract.Unit) string {
	words := map[contract.Unit]string{contract.PerEmployee: "salarié", contract.PerSeat: "place"}
	if in == English {
		words = map[contract.Unit]string{contract.PerEmployee: "employee", contract.PerSeat: "seat"}
	}
	return counted(n, words[unit])
}

// days is `19 jours` or `19 days`.
func (in Language) days(n int) string {
	if in == English {
		return counted(n, "day")
	}
	return counted(n, "jour")
}

// counted says a number of things, whose plural takes an s.
func counted(n int, one string) string {
	if n > 1 {
		one += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", n, one)
}
