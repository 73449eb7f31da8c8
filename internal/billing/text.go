package billing

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// The words of invoices: they are frozen with the lines. Each says French here and
// hands English to english.go.

var monthNames = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// monthText is `octobre 2026`.
func monthText(m calendar.Month) string { return fmt.Sprintf("%s %d", monthNames[m.Month-1], m.Year) }

// ofMonth is `de septembre 2026` or `d'octobre 2026`.
func ofMonth(m calendar.Month) string {
	if strings.ContainsRune("ao", rune(monthNames[m.Month-1][0])) {
		return "d'" + monthText(m)
	}
	return "de " + monthText(m)
}

// DateText is `1er octobre 2026`, empty for no date.
func DateText(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	day := fmt.Sprint(d.Day)
	if d.Day == 1 {
		day = "1er"
	}
	return day + "\u00a0" + monthText(d.MonthOf())
}

// spanText is `du 1er au 19 octobre 2026`, or `le 19 octobre 2026`.
func spanText(from, to calendar.Date) string {
	switch {
	case from == to:
		return "le " + DateText(from)
	case from.MonthOf() == to.MonthOf():
		first, _, _ := strings.Cut(DateText(from), "\u00a0")
		return "du " + first + " au " + DateText(to)
	}
	return "du " + DateText(from) + " au " + DateText(to)
}

// HoursWords says minutes as `18 h 30`, `2 h` or `45 min`.
func HoursWords[M ~int64](m M) string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	switch h, rest := int64(m)/60, int64(m)%60; {
	case h == 0:
		return fmt.Sprintf("%s%d\u00a0min", sign, rest)
	case rest == 0:
		return fmt.Sprintf("%s%d\u00a0h", sign, h)
	default:
		return fmt.Sprintf("%s%d\u00a0h\u00a0%02d", sign, h, rest)
	}
}

// run is `12 salariés, du 1er au 19 octobre 2026 (19 jours sur 31, à 39,00 €)`.
func (in Language) run(r contract.Run, o contract.Offer) string {
	if in == English {
		return englishRun(r, o)
	}
	s := fmt.Sprintf("%s, %s", in.Count(r.Count, o.Unit), spanText(r.From, r.To))
	if m := r.From.MonthOf(); r.Days() < m.Days() {
		s += fmt.Sprintf(" (%s sur %d, à %s)", in.days(r.Days()), m.Days(), o.Price.Cents.French())
	}
	return s
}

// oneOff says for which month a one-off line is that stands on a later invoice.
func (in Language) oneOff(of, on calendar.Month) string {
	words, later := "En ", ", enregistré après facturation"
	if in == English {
		words, later = "In ", ", recorded after invoicing"
	}
	if of == on {
		later = ""
	}
	return words + in.Month(of) + later
}

func (in Language) setup(start calendar.Date) string {
	if in == English {
		return "Set-up, one-off fee, on " + in.Date(start)
	}
	return "Mise en service, forfait unique, le " + DateText(start)
}

func (in Language) earlyEnd(k contract.Contract, last, term calendar.Date) (title, detail string) {
	if in == English {
		return englishEarlyEnd(k, last, term)
	}
	offer, what := k.OfferOn(last), "le terme"
	if k.Ending.Notice == term {
		what = "la fin du préavis"
	}
	return "Mensualités restant dues jusqu'au terme", fmt.Sprintf("Fin du contrat au %s avant %s du %s\u00a0: %s, à %s par mois",
		DateText(last), what, DateText(term), in.Count(k.CountOn(last), offer.Unit), offer.Price.Cents.French())
}

func (in Language) hours(m calendar.Month, late bool, done, over calendar.Minutes, o contract.Offer, included calendar.Minutes) (title, detail string) {
	if in == English {
		return englishHours(m, late, done, over, o, included)
	}
	title = "Accompagnement au-delà du forfait"
	if o.Included == 0 {
		title = "Formation et assistance à l'heure"
	}
	switch {
	case late && over < 0:
		detail = fmt.Sprintf("Heures %s corrigées après facturation\u00a0: %s en moins", ofMonth(m), HoursWords(-over))
	case late:
		detail = fmt.Sprintf("Heures %s enregistrées après facturation\u00a0: %s", ofMonth(m), HoursWords(over))
	case o.Included > 0:
		detail = fmt.Sprintf("%s en %s, dont %s au-delà des %s incluses ", HoursWords(done), monthText(m), HoursWords(over), HoursWords(included))
		if included == o.Included {
			detail += "par an"
		} else {
			detail += "jusqu'à la fin du contrat"
		}
	default:
		detail = fmt.Sprintf("%s en %s", HoursWords(over), monthText(m))
	}
	return title, detail
}

func (in Language) lateTitle(p Part, m calendar.Month) string {
	if in == English {
		return englishLateTitle(p, m)
	}
	switch p {
	case Setup:
		return "Mise en service " + ofMonth(m)
	case EarlyEnd:
		return "Fin anticipée " + ofMonth(m)
	}
	return "Régularisation " + ofMonth(m)
}

// late says what the month comes to now and what was invoiced for it.
func (in Language) late(is []Line, was money.Cents) string {
	if in == English {
		return englishLate(is, was)
	}
	now := strings.Join(withoutShares(is), "\u00a0; ")
	if now == "" {
		now = "Rien n'est dû"
	}
	if was == 0 {
		return now
	}
	return fmt.Sprintf("%s\u00a0: %s au lieu de %s déjà facturés", now, netOf(is).French(), was.French())
}

// withoutShares are the details of lines without the days that they are a share for.
func withoutShares(lines []Line) (all []string) {
	for _, l := range lines {
		words, _, _ := strings.Cut(l.Detail, " (")
		all = append(all, words)
	}
	return all
}

// advanceOn says what an advance is on.
func (in Language) advanceOn(contractID string) string {
	if in == English {
		return "Deposit on contract " + contractID + ", taken off the invoices to come"
	}
	return "Acompte sur le contrat " + contractID + ", déduit des prochaines factures"
}

// onInvoice says what a credit over an amount is taken off.
func (in Language) onInvoice(number string) string {
	if in == English {
		return "on invoice " + number
	}
	return "sur la facture " + number
}

// rest names what a last credit note takes back, after earlier ones.
func (in Language) rest(number, credited string) (title, detail string) {
	if in == English {
		return "Balance of invoice " + number, "What was left after credit note " + credited
	}
	return "Solde de la facture " + number, "Reste après l'avoir " + credited
}
