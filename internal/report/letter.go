package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/support"
)

// Letter is a letter to a client, as paper and as mail: the same words in both.
type Letter struct {
	Client  contract.Client
	Subject string
	Name    string // of its files, without an ending: `lettre-kerlann-2026-10`
	Text    string // without any form
	HTML    []byte
	PDF     []byte
	Pages   int
	Warning string // on hours that near their end; empty: none

	doc   paper.Letter
	legal string
}

// Mail is the letter as the body of a mail that has a text of its own, such as the one
// that brings an invoice: that text first, and no second greeting.
func (l Letter) Mail(text string) ([]byte, error) {
	doc := l.doc
	doc.Parts = slices.DeleteFunc(slices.Clone(doc.Parts), func(p paper.Part) bool { return p.Title == "" || p.Title == reachPart })
	return mailHTML(mailValues{l.Subject, strings.TrimSpace(text), doc, l.legal})
}

// Announcement says in the text of a mail that the letter is with it, and repeats the
// warning on hours: nobody must have to open a file to read that.
func (l Letter) Announcement(in billing.Language) string {
	words := "Votre lettre du mois est jointe aussi : vos heures, ce qui a été fait et ce qui vient."
	if in == billing.English {
		words = "The letter about the month is attached too, in French: your hours, what was done and what comes."
	}
	if l.Warning != "" {
		words += "\n\n" + strings.ReplaceAll(l.Warning, "\u00a0", " ")
	}
	return words
}

// Backups is what is known of one server's backups in a month.
type Backups struct {
	Server string
	Made   int       // that the vault lists
	Missed int       // nights without one
	Last   time.Time // of the last one; zero: none
	Proof  time.Time // of the last restore, whenever it was; zero: none
}

// Event is what happened to a server of a client.
type Event struct {
	Day    calendar.Date
	Of     string // the server; of an update, the machine
	What   Happening
	Detail string // for the client to read
}

// Happening is a kind of event.
type Happening string

// The kinds of events.
const (
	Installed Happening = "installed"
	Restored  Happening = "restored"
	Updated   Happening = "updated" // the software of the machine that the server is on
)

// Records are what other rooms know of a client's servers, between two instants.
type Records interface {
	Backups(client string, from, to time.Time) ([]Backups, error)
	Events(client string, from, to time.Time) ([]Event, error)
}

// mostPages is how long a letter may be.
const mostPages = 2

// Monthly is the letter to a client (by ID or name) about a month that has ended.
func (s *Service) Monthly(client string, m calendar.Month) (Letter, error) {
	g, err := s.gather(client, m)
	if err != nil {
		return Letter{}, err
	}
	whole := len(g.work) + len(g.incidents) + len(g.plans)
	for _, short := range []bool{false, true} {
		l, err := s.write(g, short, whole)
		if err != nil || l.Pages <= mostPages {
			return l, err
		}
	}
	// The most rows with which the letter has two pages; the others become a sentence.
	var best Letter
	for low, high := 0, whole-1; low <= high; {
		rows := (low + high) / 2
		l, err := s.write(g, true, rows)
		if err != nil {
			return l, err
		}
		if l.Pages > mostPages {
			high = rows - 1
			continue
		}
		best, low = l, rows+1
	}
	if best.Pages == 0 {
		return best, fmt.Errorf("letter to %s about %s: its texts alone have more than %d pages", g.client.ID, m, mostPages)
	}
	return best, nil
}

// gathered is all that a letter is written from. Nothing in it is private.
type gathered struct {
	client    contract.Client
	contract  contract.Contract
	month     calendar.Month
	last      calendar.Date // of the month, or of the contract in it
	forecast  support.Forecast
	counted   calendar.Minutes // of the month
	atCost    calendar.Minutes
	trips     int // that are billed
	work      []item
	incidents []item
	plans     []item
	backups   []Backups
}

// item is one thing that was done, or is to be. It has no place for a private note.
type item struct {
	day     calendar.Date
	clock   string // `14 h 30`; empty: not known
	kind    contract.Work
	note    string
	minutes calendar.Minutes
	event   Happening // of an event; then kind is empty
	of      string    // the server or machine of that
}

func (s *Service) gather(ref string, m calendar.Month) (*gathered, error) {
	if today := s.today(); !m.Last().Before(today) {
		return nil, &operation.Refused{Why: fmt.Sprintf("the month %s has not ended: today is %s", m, today)}
	}
	client, err := s.Book.Client(ref)
	if err != nil {
		return nil, err
	}
	g := &gathered{client: client, month: m}
	if err := s.contractIn(g); err != nil {
		return nil, err
	}
	entries, err := s.Ledger.List(support.Filter{Client: client.ID, To: m.Last()})
	if err != nil {
		return nil, err
	}
	g.hours(entries)
	next := m.Add(1)
	plans, err := s.Ledger.Plans(support.Filter{Client: client.ID, From: next.First(), To: next.Last()}, true)
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		at := p.Start.In(s.Zone)
		g.plans = append(g.plans, item{day: calendar.Of(p.Start, s.Zone), clock: hourText(at.Hour(), at.Minute()), kind: p.Kind, note: p.Note, minutes: p.Minutes})
	}
	return g, s.records(g)
}

// contractIn finds the contract that runs in the month, the latest of several.
func (s *Service) contractIn(g *gathered) error {
	own, err := s.Book.ContractsOf(g.client.ID)
	if err != nil {
		return err
	}
	found := false
	for _, k := range own {
		if !k.Start.After(g.month.Last()) && (k.Ending == nil || !k.Ending.On.Before(g.month.First())) {
			g.contract, found = k, true
		}
	}
	if !found {
		return &operation.Refused{Why: fmt.Sprintf("%s has no contract in %s", g.client.Name, g.month), Fix: "accolade contract list shows from when on"}
	}
	g.last = g.month.Last()
	if e := g.contract.Ending; e != nil && e.On.Before(g.last) {
		g.last = e.On
	}
	return nil
}

// hours sorts what was done: what was taken back is left out with its correction.
func (g *gathered) hours(entries []support.Entry) {
	var own []support.Entry
	back := map[string]bool{}
	for _, e := range entries {
		back[e.Reverts] = true
		if e.Contract == g.contract.ID {
			own = append(own, e)
		}
	}
	g.forecast = support.ForecastOn(g.contract, g.last, own)
	for _, e := range entries {
		if e.Date.MonthOf() != g.month || e.Reverts != "" || back[e.ID] {
			continue
		}
		offer := g.contract.OfferOn(e.Date)
		counts, trip := offer.CountsWork(e.Kind), e.Kind == contract.Travel && offer.Travel.Bill()
		switch {
		case counts:
			g.counted += e.Minutes
		case trip:
			g.trips++
		default:
			g.atCost += e.Minutes
		}
		x := item{day: e.Date, kind: e.Kind, note: e.Note, minutes: e.Minutes}
		switch {
		case e.Kind == contract.Travel && !counts && !trip: // in the sum of what is not counted
		case e.Kind == contract.Intervention:
			g.incidents = append(g.incidents, x)
		default:
			g.work = append(g.work, x)
		}
	}
}

// records adds what is known of the servers.
func (s *Service) records(g *gathered) (err error) {
	if s.Records == nil {
		return nil
	}
	from, to := g.month.First().Midnight(s.Zone), g.month.Add(1).First().Midnight(s.Zone)
	if g.backups, err = s.Records.Backups(g.client.ID, from, to); err != nil {
		return err
	}
	events, err := s.Records.Events(g.client.ID, from, to)
	for _, e := range events {
		g.incidents = append(g.incidents, item{day: e.Day, note: e.Detail, event: e.What, of: e.Of})
	}
	slices.SortStableFunc(g.incidents, func(a, b item) int { return a.day.Compare(b.day) })
	return err
}

// write makes the letter with at most so many rows, the notes in full or shortened.
func (s *Service) write(g *gathered, short bool, rows int) (Letter, error) {
	doc, err := s.monthly(g, short, rows)
	if err != nil {
		return Letter{}, err
	}
	return s.finish(g.client, doc, fmt.Sprintf("lettre-%s-%s", g.client.ID, g.month))
}

// finish makes paper and mail of a letter's words.
func (s *Service) finish(client contract.Client, doc paper.Letter, name string) (Letter, error) {
	l := Letter{Client: client, Subject: fmt.Sprintf("%s : %s, %s", s.Bills.Seller.Name, lowerFirst(doc.Word), lowerFirst(doc.Number)), Name: name}
	unbroken(&doc)
	var err error
	if l.PDF, l.Pages, err = paper.RenderLetter(doc); err != nil {
		return l, err
	}
	l.doc, l.legal, l.Text = doc, legal(s.Bills.Seller), plain(doc)
	for _, p := range doc.Parts {
		l.Warning += p.Warning
	}
	l.HTML, err = mailHTML(mailValues{l.Subject, "", doc, l.legal})
	return l, err
}

// frame is what all letters have in common.
func (s *Service) frame(client contract.Client, word, number string, day calendar.Date) paper.Letter {
	return paper.Letter{Seller: s.Bills.Letterhead(), Client: billing.BuyerOf(client), Word: word, Number: number, Day: day}
}
