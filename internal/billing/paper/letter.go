package paper

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
)

// Letter is what a client reads, not pays: some figures, then parts with their title in
// the margin, as an invoice has them. All words are whoever's writes it.
type Letter struct {
	Seller  billing.Seller
	Client  billing.Buyer
	Word    string // `Lettre`
	Number  string // `Octobre 2026`
	Day     calendar.Date
	Facts   [][2]string // beside the address
	Figures []Figure    // the month at a glance: at most four
	Parts   []Part
}

// Figure is one number of the strip at the head of a letter.
type Figure struct{ Label, Value, Note string }

// Part is a part of a letter. One without a title goes across the page.
type Part struct {
	Title      string
	Warning    string // to be read before all else
	Paragraphs []string
	Gauge      *Gauge
	Rows       []Row
	After      []string // paragraphs below the rows
}

// Gauge shows how much of a whole is used.
type Gauge struct{ Used, Whole int64 }

// Row is a line of a table.
type Row struct{ Day, Title, Text, Amount string }

// amber warns.
var (
	amber     = ink{166, 84, 0}
	amberWash = ink{253, 245, 235}
)

// Prose reads a text into parts: lines with # begin one, other lines up to a blank one are
// a paragraph.
func Prose(text string) []Part {
	var all []Part
	for _, p := range prose(text) {
		all = append(all, Part{Title: p.title, Paragraphs: p.paragraphs})
	}
	return all
}

// RenderLetter draws a letter, and tells how many pages it has.
func RenderLetter(l Letter) (pdf []byte, pages int, err error) {
	return output(func(set setting) *sheet {
		s := newSheet(about{seller: l.Seller, word: l.Word, number: l.Number, day: l.Day,
			subject: fmt.Sprintf("%s, %s", title(l.Word, l.Number), l.Client.Name)}, set)
		s.head()
		s.parties(l.Facts, l.Client)
		s.figures(l.Figures)
		for _, p := range l.Parts {
			s.part(p)
		}
		s.feet()
		return s
	})
}

// figures is the strip of numbers.
func (s *sheet) figures(all []Figure) {
	if len(all) == 0 {
		return
	}
	const height = 19.0
	s.band(left, s.y, height, s.accent, s.wash)
	step := (right - left - 6) / float64(len(all))
	for i, f := range all {
		x := left + 6 + float64(i)*step
		s.text(x, s.y+5.6, label, f.Label)
		s.text(x, s.y+11.4, s.fit(step-3, 5, style{12, true, s.accent}, f.Value), f.Value)
		s.text(x, s.y+15.8, s.fit(step-3, 5, small, f.Note), f.Note)
	}
	s.y += height + 5
}

// Columns of a letter.
const (
	partIndent = 42.0
	dayWidth   = 17.0
	amountRoom = 20.0
)

var (
	prosaic = style{8.5, false, black}
	loud    = style{8.5, true, amber}
)

// part sets a part: its title in the margin, the rest beside it. A title never stands
// alone at the foot of a page, a row is kept whole.
func (s *sheet) part(p Part) {
	x := left + partIndent
	if p.Title == "" {
		x = left
	}
	s.room(14)
	s.y += 3.2
	if p.Title != "" {
		s.paragraph(left, s.y, partIndent-5, style{8.5, true, s.accent}, p.Title)
	}
	if p.Warning != "" {
		s.warning(x, p.Warning)
	}
	if p.Gauge != nil {
		s.gauge(x, *p.Gauge)
	}
	s.running(x, p.Paragraphs)
	for _, r := range p.Rows {
		s.row(x, r)
	}
	if len(p.After) > 0 {
		s.y += 2
	}
	s.running(x, p.After)
}

// running sets paragraphs that may go on over the page.
func (s *sheet) running(x float64, paragraphs []string) {
	for _, p := range paragraphs {
		for _, line := range s.wrap(right-x, prosaic, nobreak(p)) {
			if s.room(prosaic.leading()) {
				s.y += 3
			}
			s.text(x, s.y, prosaic, line)
			s.y += prosaic.leading()
		}
		s.y += 0.9
	}
}

// warning sets words in a box that is seen.
func (s *sheet) warning(x float64, words string) {
	lines := s.wrap(right-x-8, loud, nobreak(words))
	height := float64(len(lines))*loud.leading() + 4
	if s.room(height + 2) {
		s.y += 3
	}
	box := s.y - 4
	s.band(x, box, height, amber, amberWash)
	y := box + 5
	for _, line := range lines {
		s.text(x+4, y, loud, line)
		y += loud.leading()
	}
	s.y = box + height + 4.4
}

// gauge draws a bar as wide as the whole, with a mark at three quarters, where the
// client is told.
func (s *sheet) gauge(x float64, g Gauge) {
	const height = 3.2
	if g.Whole <= 0 {
		return
	}
	s.room(height + 5)
	width := right - x
	part := min(1, float64(max(0, g.Used))/float64(g.Whole))
	fill := s.accent
	if part >= 0.75 {
		fill = amber
	}
	s.fill(x, s.y-1.6, width, height, pale)
	s.fill(x, s.y-1.6, width*part, height, fill)
	s.fill(x+width*0.75, s.y-2.4, 0.25, height+1.6, black)
	s.y += height + 2.8
}

// row sets a day, what was done, and how long it took, with a hairline above.
func (s *sheet) row(x float64, r Row) {
	titled, said := style{8.5, true, black}, style{8, false, grey}
	wide := right - x - dayWidth - amountRoom
	title := s.wrap(wide, titled, r.Title)
	var text []string
	if r.Text != "" {
		text = s.wrap(right-x-dayWidth, said, nobreak(r.Text))
	}
	height := float64(len(title))*titled.leading() + float64(len(text))*said.leading() + 2.2
	if s.room(height) {
		s.y += 3
	}
	s.hairline(x, right, s.y-3.2, pale, 0.1)
	s.y += 0.8
	s.text(x, s.y, style{8.5, false, grey}, r.Day)
	s.textRight(right, s.y, style{8.5, false, black}, r.Amount)
	for _, line := range title {
		s.text(x+dayWidth, s.y, titled, line)
		s.y += titled.leading()
	}
	for _, line := range text {
		s.text(x+dayWidth, s.y, said, line)
		s.y += said.leading()
	}
	s.y += 1.4
}
