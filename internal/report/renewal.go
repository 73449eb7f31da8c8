package report

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
)

// renewalValues are what templates/letter/renewal.txt may say.
type renewalValues struct {
	Contact, Seller, Reach, Shares     string
	Renewed                            bool // it is agreed
	Changed                            bool // the price
	Term, From, To                     string
	Before, After, Unit, Indexed       string
	Count, MonthlyBefore, MonthlyAfter string
	Hour, Included                     string
	Months                             int
	Notice                             string // the last day on which it can be given
	NoticeMonths                       int
	NoticeOver                         bool
}

// Renewal is the letter to a client (by ID or name) before the term of its contract
// ends: what changes, and until when he may leave. A contract that was renewed already
// is told of.
func (s *Service) Renewal(ref string) (Letter, error) {
	client, err := s.Book.Client(ref)
	if err != nil {
		return Letter{}, err
	}
	k, err := s.Book.Contract(client.ID)
	if err != nil {
		return Letter{}, err
	}
	if k.Ending != nil {
		return Letter{}, &operation.Refused{Why: fmt.Sprintf("the contract %s ends on %s: there is nothing to renew", k.ID, k.Ending.On)}
	}
	today := s.today()
	next, renewed := k, len(k.Renewals) > 0 && k.Renewals[len(k.Renewals)-1].From.After(today)
	if !renewed {
		if next, err = s.Book.Renew(contract.Actor{}, contract.Renew{Client: client.ID}, true); err != nil {
			return Letter{}, err
		}
	}
	v := s.renewalWords(next, today)
	v.Contact, v.Seller, v.Reach, v.Shares, v.Renewed = contactOf(client), s.Bills.Seller.Name, reach(s.Bills.Seller), shares(client.Member), renewed
	text, err := s.Texts.Fill("letter/renewal.txt", v)
	if err != nil {
		return Letter{}, err
	}
	doc := s.frame(client, "Renouvellement", k.ID, today)
	doc.Facts = [][2]string{{"Date", billing.DateText(today)}, {"Contrat", k.ID}, {"Fin de l'engagement", v.Term}}
	doc.Figures = []paper.Figure{
		{Label: "NOUVEL ENGAGEMENT", Value: v.From, Note: "jusqu'au " + v.To},
		{Label: "PRIX PAR MOIS", Value: v.MonthlyAfter, Note: "HT, pour " + v.Count},
	}
	for _, part := range paper.Prose(text) {
		if len(part.Paragraphs) > 0 {
			doc.Parts = append(doc.Parts, part)
		}
	}
	return s.finish(client, doc, fmt.Sprintf("renouvellement-%s", k.ID))
}

// renewalWords compares a contract before and after its last renewal.
func (s *Service) renewalWords(k contract.Contract, today calendar.Date) renewalValues {
	r := k.Renewals[len(k.Renewals)-1]
	eve := r.From.AddDays(-1)
	before, after := k.OfferOn(eve), r.Offer
	term := k.TermEndOn(eve)
	n := k.CountOn(r.From)
	monthly := func(o contract.Offer) string { return (o.Price.Cents * money.Cents(n)).French() }
	v := renewalValues{Changed: before.Price != after.Price, Term: billing.DateText(term), From: billing.DateText(r.From), To: billing.DateText(k.TermEnd()),
		Before: before.Price.Cents.French(), After: after.Price.Cents.French(), Unit: unitWords[after.Unit], Count: billing.French.Count(n, after.Unit),
		MonthlyBefore: monthly(before), MonthlyAfter: monthly(after), Months: after.TermMonths}
	if r.Indexed > 0 {
		v.Indexed = r.Indexed.French()
	}
	if len(after.Counts) > 0 && after.Hour.State == contract.Known {
		v.Hour = after.Hour.Cents.French()
	}
	if after.Included > 0 {
		v.Included = billing.HoursWords(after.Included)
	}
	if before.NoticeMonths > 0 {
		last := lastNotice(term, before.NoticeMonths)
		v.Notice, v.NoticeMonths, v.NoticeOver = billing.DateText(last), before.NoticeMonths, last.Before(today)
	}
	return v
}

// lastNotice is the last day on which a notice of some months ends by a term. Months
// differ in length, so that several days may end on the same one.
func lastNotice(term calendar.Date, months int) calendar.Date {
	day := term.AddMonths(-months).AddDays(3)
	for day.AddMonths(months).After(term) {
		day = day.AddDays(-1)
	}
	return day
}

var unitWords = map[contract.Unit]string{contract.PerEmployee: "salarié", contract.PerSeat: "place"}
