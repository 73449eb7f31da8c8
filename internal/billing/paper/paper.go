// Package paper draws invoices and what else a client is to read and sign as PDF: in
// its language, on A4, with all that the law wants to be read there.
//
// It draws what billing froze and computes nothing of its own but layout; the same
// document gives the same bytes. The fonts (Liberation Sans, OFL) travel in the file.
package paper

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
)

// Measures of the page in millimetres.
const (
	pageWidth  = 210.0
	left       = 20.0
	right      = pageWidth - 20
	top        = 18.0
	bottom     = 270.0 // nothing but the foot below
	windowLeft = 110.0 // a French window envelope (DL, window on the right)
	windowTop  = 50.0
)

// Render draws an invoice. What stands on its pages is not packed: facturx does that. It
// may be called from several goroutines at once.
func Render(inv billing.Invoice) ([]byte, error) {
	return output(func(face typeface) *sheet { return draw(inv, face).sheet })
}

// output sets a document in the cut font, and anew in the whole one if it holds runes
// beyond that.
func output(draw func(typeface) *sheet) ([]byte, error) {
	face, err := western()
	if err != nil {
		return nil, err
	}
	s := draw(face)
	if s.beyond {
		s = draw(whole())
	}
	var out bytes.Buffer
	if err := s.pdf.Output(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// invoice is one in the making.
type invoice struct {
	*sheet
	inv billing.Invoice
}

func draw(inv billing.Invoice, face typeface) invoice {
	s := invoice{newSheet(about{
		seller: inv.Seller, in: inv.Language, word: word(inv), number: inv.Number, day: inv.Date, subject: Subject(inv),
	}, face), inv}
	s.pdf.SetCompression(false)
	s.head()
	s.parties(s.facts(), inv.Client)
	s.summary()
	s.table(inv.Lines)
	s.totals()
	s.allowance()
	s.payment()
	s.mentions()
	s.feet()
	return s
}

// word is what a kind of document is called.
func word(inv billing.Invoice) string {
	w := wordsOf(inv.Language)
	switch inv.Type {
	case billing.CreditNote:
		return w.creditNote
	case billing.DepositInvoice:
		return w.deposit
	}
	return w.invoice
}

// Title names a document: `Facture F2026-0001`.
func Title(inv billing.Invoice) string { return title(word(inv), inv.Number) }

func title(word, number string) string { return word + " " + number }

// Subject is what a document is about: `Facture F2026-0001 du 31 octobre 2026, Kerlann`.
func Subject(inv billing.Invoice) string {
	return fmt.Sprintf(wordsOf(inv.Language).of, Title(inv), inv.Language.Date(inv.Date), inv.Client.Name)
}

// Language is the language of a document (BCP 47).
func Language(inv billing.Invoice) string { return inv.Language.Tag() }

// Day is when a document was made: it is as old as the invoice, since its bytes must
// not depend on when it is drawn.
func Day(d calendar.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC)
}

// about is what every document tells of itself.
type about struct {
	seller  billing.Seller
	in      billing.Language
	word    string        // `Facture`
	number  string        // `F2026-0001`
	subject string        // for the file's properties
	day     calendar.Date // on which it was made
}

// sheet is a document in the making; y is where the next thing goes.
type sheet struct {
	about
	words  words
	accent ink // the seller's colour
	wash   ink // the same, thin enough to write on
	pdf    *fpdf.Fpdf
	face   typeface
	y      float64
	beyond bool // it holds runes that are not in western
}

func newSheet(a about, face typeface) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	face.add(pdf)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(Day(a.day))
	pdf.SetModificationDate(Day(a.day))
	pdf.SetTitle(title(a.word, a.number), true)
	pdf.SetAuthor(a.seller.Name, true)
	pdf.SetSubject(a.subject, true)
	pdf.SetCreator("Accolade", true)
	pdf.SetProducer("Accolade", true)
	pdf.SetLang(a.in.Tag())
	pdf.AddPage()
	accent, wash := colours(a.seller)
	return &sheet{about: a, words: wordsOf(a.in), accent: accent, wash: wash, pdf: pdf, face: face, y: top}
}

// ink is a colour.
type ink [3]int

// Few colours, and black for what counts: the paper must survive a fax and a
// black-and-white printer.
var (
	black = ink{24, 28, 33}
	grey  = ink{105, 114, 124}
	pale  = ink{214, 220, 226}
	// The house's colours where the seller has none.
	ours     = ink{15, 98, 106}
	oursWash = ink{241, 246, 246}
)

// style is how a text is set; size in points.
type style struct {
	size float64
	bold bool
	ink  ink
}

var (
	body  = style{9, false, black}
	small = style{7.5, false, grey}
	label = style{7, true, grey}
)

func (s *sheet) set(st style) {
	weight := ""
	if st.bold {
		weight = "B"
	}
	s.pdf.SetFont("sans", weight, st.size)
	s.pdf.SetTextColor(st.ink[0], st.ink[1], st.ink[2])
}

// text writes one line whose baseline is at y.
func (s *sheet) text(x, y float64, st style, words string) {
	s.set(st)
	s.pdf.Text(x, y, s.face.encode(s.printable(words)))
}

// textRight ends a line at x.
func (s *sheet) textRight(x, y float64, st style, words string) {
	s.set(st)
	words = s.printable(words)
	s.pdf.Text(x-s.width(words), y, s.face.encode(words))
}

// width is how wide words are in the style that is set.
func (s *sheet) width(words string) float64 { return s.pdf.GetStringWidth(s.face.encode(words)) }

// hairline draws a rule across the page.
func (s *sheet) hairline(x1, x2, y float64, c ink, width float64) {
	s.pdf.SetDrawColor(c[0], c[1], c[2])
	s.pdf.SetLineWidth(width)
	s.pdf.Line(x1, y, x2, y)
}

// leading is the distance of lines of a style, in millimetres.
func (st style) leading() float64 { return st.size * 0.3528 * 1.32 }

// paragraph sets words in a column from baseline y on, and returns the baseline
// after its last line.
func (s *sheet) paragraph(x, y, width float64, st style, words string) float64 {
	for _, line := range s.wrap(width, st, words) {
		s.text(x, y, st, line)
		y += st.leading()
	}
	return y
}

// wrap breaks words into lines of a width. Only plain spaces break; a word that is
// wider than the line breaks anywhere.
func (s *sheet) wrap(width float64, st style, words string) []string {
	s.set(st)
	var lines []string
	line := ""
	for _, word := range strings.Split(s.printable(words), " ") {
		for {
			whole := word
			if line != "" {
				whole = line + " " + word
			}
			if s.width(whole) <= width {
				line = whole
				break
			}
			if line != "" {
				lines, line = append(lines, line), ""
				continue
			}
			cut := s.fitting(width, word)
			lines, word = append(lines, word[:cut]), word[cut:]
		}
	}
	return append(lines, line)
}

// fitting is how many bytes of a word go on a line, at least one rune's.
func (s *sheet) fitting(width float64, word string) int {
	cut := 0
	for i, r := range word {
		end := i + len(string(r))
		if cut > 0 && s.width(word[:end]) > width {
			break
		}
		cut = end
	}
	return cut
}

// printable replaces what the font cannot draw: runes outside the basic plane and
// control characters, and notes what western lacks.
func (s *sheet) printable(words string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r > 0xffff:
			return '?'
		case unicode.IsControl(r):
			return ' '
		}
		s.beyond = s.beyond || !isWestern(r)
		return r
	}, words)
}

// room starts a new page where less than height is left.
func (s *sheet) room(height float64) bool {
	if s.y+height <= bottom {
		return false
	}
	s.pdf.AddPage()
	s.y = top + 9 // below the word that the document goes on
	return true
}
