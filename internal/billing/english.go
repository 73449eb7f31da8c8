package billing

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// The words of invoices in English, one for one those of text.go.

func englishRun(r contract.Run, o contract.Offer) string {
	s := fmt.Sprintf("%s, %s", English.Count(r.Count, o.Unit), English.Span(r.From, r.To))
	if m := r.From.MonthOf(); r.Days() < m.Days() {
		s += fmt.Sprintf(" (%s of %d, at %s)", English.days(r.Days()), m.Days(), o.Price.Cents.English())
	}
	return s
}

func englishEarlyEnd(k contract.Contract, last, term calendar.Date) (title, detail string) {
	offer, what := k.OfferOn(last), "the term"
	if k.Ending.Notice == term {
		what = "the end of the notice period"
	}
	return "Monthly fees due until the term", fmt.Sprintf("Contract ended on %s, before %s on %s: %s, at %s a month",
		English.Date(last), what, English.Date(term), English.Count(k.CountOn(last), offer.Unit), offer.Price.Cents.English())
}

func englishHours(m calendar.Month, late bool, done, over calendar.Minutes, o contract.Offer, included calendar.Minutes) (title, detail string) {
	title = "Accompaniment beyond the allowance"
	if o.Included == 0 {
		title = "Training and assistance by the hour"
	}
	month := English.Month(m)
	switch {
	case late && over < 0:
		detail = fmt.Sprintf("Hours of %s corrected after invoicing: %s less", month, English.Hours(-over))
	case late:
		detail = fmt.Sprintf("Hours of %s recorded after invoicing: %s", month, English.Hours(over))
	case o.Included > 0:
		span := "a year"
		if included != o.Included {
			span = "until the end of the contract"
		}
		detail = fmt.Sprintf("%s in %s, of which %s beyond the %s included %s", English.Hours(done), month, English.Hours(over), English.Hours(included), span)
	default:
		detail = fmt.Sprintf("%s in %s", English.Hours(over), month)
	}
	return title, detail
}

func englishLateTitle(p Part, m calendar.Month) string {
	switch p {
	case Setup:
		return "Set-up in " + English.Month(m)
	case EarlyEnd:
		return "Early end in " + English.Month(m)
	}
	return "Adjustment for " + English.Month(m)
}

func englishLate(is []Line, was money.Cents) string {
	now := strings.Join(withoutShares(is), "; ")
	if now == "" {
		now = "Nothing is due"
	}
	if was == 0 {
		return now
	}
	return fmt.Sprintf("%s: %s instead of %s already invoiced", now, netOf(is).English(), was.English())
}
