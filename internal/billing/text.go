package billing

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// The words of invoices, in French: they are frozen with the lines.

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

// DateText is `1er octobre 2026`.
func DateText(d calendar.Date) string {
	day := fmt.Sprint(d.Day)
	if d.Day == 1 {
		day = "1er"
	}
	return day + "\u00a0" + monthText(d.MonthOf())
}

// SpanText is `du 1er au 19 octobre 2026`, or `le 19 octobre 2026`.
func SpanText(from, to calendar.Date) string {
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

func countText(n int, unit contract.Unit) string {
	word := map[contract.Unit]string{contract.PerEmployee: "salarié", contract.PerSeat: "place"}[unit]
	if n > 1 {
		word += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", n, word)
}

// runText is `12 salariés, du 1er au 19 octobre 2026 (19 jours sur 31, à 39,00 €)`.
func runText(r contract.Run, o contract.Offer) string {
	s := fmt.Sprintf("%s, %s", countText(r.Count, o.Unit), SpanText(r.From, r.To))
	if m := r.From.MonthOf(); r.Days() < m.Days() {
		s += fmt.Sprintf(" (%s sur %d, à %s)", daysText(r.Days()), m.Days(), o.Price.Cents.French())
	}
	return s
}

func daysText(n int) string {
	if n == 1 {
		return "1\u00a0jour"
	}
	return fmt.Sprintf("%d\u00a0jours", n)
}

// oneOffText says for which month a one-off line is that stands on a later invoice.
func oneOffText(of, on calendar.Month) string {
	if of == on {
		return "En " + monthText(of)
	}
	return "En " + monthText(of) + ", enregistré après facturation"
}

func setupText(start calendar.Date) string {
	return "Mise en service, forfait unique, le " + DateText(start)
}

func earlyEndText(k contract.Contract, last, term calendar.Date) string {
	offer, what := k.OfferOn(last), "le terme"
	if k.Ending.Notice == term {
		what = "la fin du préavis"
	}
	return fmt.Sprintf("Fin du contrat au %s avant %s du %s\u00a0: %s, à %s par mois",
		DateText(last), what, DateText(term), countText(k.CountOn(last), offer.Unit), offer.Price.Cents.French())
}

func hoursText(m calendar.Month, late bool, done, over calendar.Minutes, o contract.Offer, included calendar.Minutes) (title, detail string) {
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

func lateTitle(p Part, m calendar.Month) string {
	switch p {
	case Setup:
		return "Mise en service " + ofMonth(m)
	case EarlyEnd:
		return "Fin anticipée " + ofMonth(m)
	}
	return "Régularisation " + ofMonth(m)
}

// lateText says what the month comes to now and what was invoiced for it.
func lateText(is []Line, was money.Cents) string {
	var parts []string
	for _, l := range is {
		words, _, _ := strings.Cut(l.Detail, " (")
		parts = append(parts, words)
	}
	now := strings.Join(parts, "\u00a0; ")
	if now == "" {
		now = "Rien n'est dû"
	}
	if was == 0 {
		return now
	}
	var sum money.Cents
	for _, l := range is {
		sum += l.Net
	}
	return fmt.Sprintf("%s\u00a0: %s au lieu de %s déjà facturés", now, sum.French(), was.French())
}

// The mentions that the law wants on every invoice (articles L441-9, L441-10 and
// D441-5 du Code de commerce), as sentences.

// RecoveryText names the fee for recovery.
func RecoveryText() string {
	return fmt.Sprintf("Indemnité forfaitaire pour frais de recouvrement en cas de retard : %s.", recoveryFee.French())
}

// LateText names the rate of penalties.
func (s Seller) LateText() string {
	return fmt.Sprintf("Pénalités de retard : %s, exigibles sans rappel dès le lendemain de l'échéance.", s.LateRate)
}

// DiscountText names the discount for early payment, or its absence.
func (s Seller) DiscountText() string {
	if s.EarlyDiscount == "" {
		return "Pas d'escompte pour paiement anticipé."
	}
	return strings.TrimSuffix(s.EarlyDiscount, ".") + "."
}

// FormText is the legal form with the capital: `SCIC SA au capital de 18 500 €`.
func (s Seller) FormText() string {
	if word, rest, _ := strings.Cut(s.Capital, " "); strings.EqualFold(word, "capital") {
		return s.LegalForm + " à capital " + rest
	}
	return s.LegalForm + " au capital de " + s.Capital
}

// RegisterText is the register: `RCS Lorient`.
func (s Seller) RegisterText() string {
	return "RCS " + strings.TrimSpace(strings.TrimPrefix(s.RCS, "RCS"))
}
