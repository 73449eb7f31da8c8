package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/templates"
)

// Titles of the parts that tables and bars are set into.
const (
	hoursPart     = "Vos heures"
	workPart      = "Ce qui a été fait"
	incidentsPart = "Incidents, mises à jour"
	nextPart      = "Le mois prochain"
	reachPart     = "Nous joindre" // left out of a mail that says how itself
)

// shortNote is how long a shortened note is, in characters.
const shortNote = 110

// monthlyValues are what templates/letter/fr.txt may say.
type monthlyValues struct {
	Contact, Seller, Reach, Month string
	HasHours                      bool // the offer knows hours at all
	Included, Used, Left          string
	Counted, AtCost               string // of the month; empty: none
	CountedOne, AtCostOne         bool   // their words are singular, in French: less than two hours
	Warned                        bool   // the warning says used and left already
	YearFrom, YearTo, RunsOut     string
	Trips                         int // that are billed
	Work, Incidents, Planned      int // how many rows
	Condensed                     string
	Shortened                     bool
	Backups                       []backupWords
	Ends, Term, Renewal, Shares   string
	TermOver, RenewalSoon         bool
	NextInvoice                   *invoiceWords
}

type backupWords struct {
	Server       string
	Made, Missed int
	Last, Proof  string
}

type invoiceWords struct {
	Of, Net, Count string // `de novembre 2026`
	Hours          bool
}

// monthly puts the letter together: the template's words, and the tables with at most
// so many rows.
func (s *Service) monthly(g *gathered, short bool, rows int) (paper.Letter, error) {
	// What comes, and what went wrong, goes before what was done.
	plans := g.plans[:min(rows, len(g.plans))]
	incidents := g.incidents[:min(rows-len(plans), len(g.incidents))]
	work := g.work[:min(rows-len(plans)-len(incidents), len(g.work))]
	left := slices.Concat(g.work[len(work):], g.incidents[len(incidents):], g.plans[len(plans):])
	v := s.monthlyWords(g, left)
	v.Shortened = short && slices.ContainsFunc(slices.Concat(work, incidents, plans), func(x item) bool { return shorten(x.note) != x.note })
	text, err := s.Texts.Fill("letter/fr.txt", v)
	if err != nil {
		return paper.Letter{}, err
	}
	doc := s.frame(g.client, "Votre lettre", capital(monthText(g.month)), g.month.Last())
	doc.Facts = s.facts(g)
	doc.Figures = s.figures(g)
	tables := map[string][]paper.Row{workPart: s.rows(work, short), incidentsPart: s.rows(incidents, short), nextPart: s.rows(plans, short)}
	parts := paper.Prose(text)
	if err := titled(parts); err != nil {
		return doc, err
	}
	for _, part := range parts {
		if part.Title == hoursPart && g.contract.OfferOn(g.last).Included > 0 {
			part.Warning = billing.AllowanceWarning(g.forecast)
			part.Gauge = &paper.Gauge{Used: int64(g.forecast.Used), Whole: int64(g.forecast.Included)}
		}
		part.Rows = tables[part.Title]
		if len(part.Rows) > 0 && part.Title != nextPart {
			part.Paragraphs, part.After = nil, part.Paragraphs
		}
		if part.Warning != "" || len(part.Paragraphs)+len(part.Rows)+len(part.After) > 0 {
			doc.Parts = append(doc.Parts, part)
		}
	}
	return doc, nil
}

// titled refuses a text of one's own without a part that something is set into: it would
// be lost.
func titled(parts []paper.Part) error {
	for _, title := range []string{hoursPart, workPart, incidentsPart, nextPart} {
		if !slices.ContainsFunc(parts, func(p paper.Part) bool { return p.Title == title }) {
			return &templates.BadText{Why: fmt.Sprintf("letter/fr.txt: no line says %q, and the letter sets into that part what belongs there", "# "+title)}
		}
	}
	return nil
}

func (s *Service) monthlyWords(g *gathered, left []item) monthlyValues {
	offer, f := g.contract.OfferOn(g.last), g.forecast
	v := monthlyValues{Contact: contactOf(g.client), Seller: s.Bills.Seller.Name, Reach: reach(s.Bills.Seller), Month: monthText(g.month),
		HasHours: len(offer.Counts) > 0, Counted: hoursOrNone(g.counted), AtCost: hoursOrNone(g.atCost),
		CountedOne: one(g.counted), AtCostOne: one(g.atCost),
		Trips: g.trips, Work: len(g.work), Incidents: len(g.incidents), Planned: len(g.plans), Condensed: condensed(left), Shares: shares(g.client.Member)}
	if offer.Included > 0 {
		v.Included, v.Used, v.Left = billing.HoursWords(f.Included), billing.HoursWords(f.Used), billing.HoursWords(f.Left)
		v.YearFrom, v.YearTo, v.Warned = billing.DateText(f.Year.From), billing.DateText(f.Last), f.Reached > 0
		if !f.RunsOut.IsZero() && f.Reached == 0 {
			v.RunsOut = billing.DateText(f.RunsOut)
		}
	}
	for _, b := range g.backups {
		w := backupWords{Server: b.Server, Made: b.Made, Missed: b.Missed}
		if !b.Last.IsZero() {
			at := b.Last.In(s.Zone)
			w.Last = billing.DateText(calendar.Of(b.Last, s.Zone)) + " à " + hourText(at.Hour(), at.Minute())
		}
		if !b.Proof.IsZero() {
			w.Proof = billing.DateText(calendar.Of(b.Proof, s.Zone))
		}
		v.Backups = append(v.Backups, w)
	}
	k := g.contract
	if k.Ending != nil {
		v.Ends = billing.DateText(k.Ending.On)
	} else if offer.TermMonths > 0 {
		term := k.TermEnd()
		v.Term, v.Renewal, v.TermOver = billing.DateText(term), billing.DateText(term.AddDays(1)), term.Before(g.last)
		v.RenewalSoon = !v.TermOver && g.last.DaysUntil(term) <= contract.ReminderDays[0]
	}
	next := g.month.Add(1)
	if net := billing.Expected(next, next.Last(), k); net > 0 && (k.Ending == nil || !k.Ending.On.Before(next.First())) {
		at := next.Last()
		if k.Ending != nil && k.Ending.On.Before(at) {
			at = k.Ending.On
		}
		v.NextInvoice = &invoiceWords{Of: ofMonth(next), Net: net.French(), Count: billing.French.Count(k.CountOn(at), k.Offer.Unit), Hours: offer.Included > 0 && f.Left == 0}
	}
	return v
}

// facts stand beside the address.
func (s *Service) facts(g *gathered) [][2]string {
	rows := [][2]string{{"Mois", capital(monthText(g.month))}, {"Contrat", g.contract.ID}}
	if n := g.contract.CountOn(g.last); n > 0 {
		rows = append(rows, [2]string{"Effectif", billing.French.Count(n, g.contract.Offer.Unit)})
	}
	if m := g.client.Member; m != nil {
		rows = append(rows, [2]string{"Parts sociales", fmt.Sprintf("%d, depuis le %s", m.Shares, billing.DateText(m.Since))})
	}
	return rows
}

// figures are the month at a glance.
func (s *Service) figures(g *gathered) []paper.Figure {
	var all []paper.Figure
	f := g.forecast
	if g.contract.OfferOn(g.last).Included > 0 {
		left := paper.Figure{Label: "HEURES RESTANTES", Value: billing.HoursWords(f.Left), Note: "sur " + billing.HoursWords(f.Included) + ", jusqu'au " + shortDay(f.Last)}
		if f.Over > 0 {
			left.Note = "dépassées de " + billing.HoursWords(f.Over)
		}
		all = append(all, left)
	}
	all = append(all, paper.Figure{Label: "CE MOIS-CI", Value: billing.HoursWords(g.counted), Note: "d'accompagnement"})
	if len(g.backups) > 0 {
		made, missed := 0, 0
		for _, b := range g.backups {
			made, missed = made+b.Made, missed+b.Missed
		}
		note := "toutes réussies"
		if missed > 0 {
			note = fmt.Sprintf("%d manquée%s", missed, plural(missed))
		}
		if made == 0 {
			note = ""
		}
		all = append(all, paper.Figure{Label: "SAUVEGARDES", Value: fmt.Sprint(made), Note: note})
	}
	k := g.contract
	switch {
	case k.Ending != nil:
		all = append(all, paper.Figure{Label: "FIN DU CONTRAT", Value: shortDay(k.Ending.On)})
	case k.LastOffer().TermMonths > 0:
		all = append(all, paper.Figure{Label: "ENGAGEMENT", Value: shortDay(k.TermEnd()), Note: "dernier jour"})
	}
	return all
}

// rows are items in a table.
func (s *Service) rows(items []item, short bool) []paper.Row {
	var rows []paper.Row
	for _, x := range items {
		r := paper.Row{Day: dayMonth(x.day), Title: workWords[x.kind], Text: x.note, Amount: billing.HoursWords(x.minutes)}
		if x.event != "" {
			r.Title, r.Text, r.Amount = happenings[x.event]+" "+x.of, x.note, ""
		}
		if x.clock != "" {
			r.Title += ", à " + x.clock
		}
		if short {
			r.Text = shorten(r.Text)
		}
		rows = append(rows, r)
	}
	return rows
}

// shorten cuts a note at a word.
func shorten(note string) string {
	runes := []rune(note)
	if len(runes) <= shortNote {
		return note
	}
	cut := string(runes[:shortNote])
	if i := strings.LastIndex(cut, " "); i > shortNote/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.") + "…"
}

// condensed says what the table has no room for: how much of it, of which kind.
func condensed(left []item) string {
	if len(left) == 0 {
		return ""
	}
	type sum struct {
		name    string
		n       int
		minutes calendar.Minutes
	}
	var sums []sum
	var all calendar.Minutes
	for _, x := range left {
		name := strings.ToLower(workWords[x.kind])
		if x.event != "" {
			name = "événements de serveur"
		}
		i := slices.IndexFunc(sums, func(s sum) bool { return s.name == name })
		if i < 0 {
			i = len(sums)
			sums = append(sums, sum{name: name})
		}
		sums[i].n++
		sums[i].minutes += x.minutes
		all += x.minutes
	}
	slices.SortStableFunc(sums, func(a, b sum) int { return cmp.Compare(b.minutes, a.minutes) })
	var parts []string
	for _, s := range sums {
		words := fmt.Sprintf("%s %s (%d)", s.name, billing.HoursWords(s.minutes), s.n)
		if s.minutes == 0 {
			words = fmt.Sprintf("%s (%d)", s.name, s.n)
		}
		parts = append(parts, words)
	}
	verb := "S'y ajoutent"
	if len(left) == 1 {
		verb = "S'y ajoute"
	}
	return fmt.Sprintf("%s, faute de place, %d autre%s ligne%s, %s en tout : %s. Le détail est à votre disposition.",
		verb, len(left), plural(len(left)), plural(len(left)), billing.HoursWords(all), strings.Join(parts, ", "))
}

var workWords = map[contract.Work]string{
	contract.Accompaniment: "Accompagnement", contract.Training: "Formation", contract.Assistance: "Assistance",
	contract.Intervention: "Intervention sur notre matériel", contract.Travel: "Déplacement",
}

var happenings = map[Happening]string{Installed: "Mise en service du serveur", Restored: "Sauvegarde restaurée sur le serveur", Updated: "Mise à jour de la machine"}
