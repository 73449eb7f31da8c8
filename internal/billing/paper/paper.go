// Package paper draws invoices and what else a client is to read and sign as PDF: in
// its language, on A4, with all that the law wants to be read there.
//
// It draws what billing froze and computes nothing of its own but layout; the same
// document gives the same bytes. The fonts (Liberation Sans, OFL) travel in the file.
package paper

import (
	"bytes"
	"fmt"
	"time"

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
	lowest     = 274.0 // the same on pages that are set close
	windowLeft = 110.0 // a French window envelope (DL, window on the right)
	windowTop  = 50.0
)

// Render draws an invoice. What stands on its pages is not packed: facturx does that. It
// may be called from several goroutines at once.
func Render(inv billing.Invoice) ([]byte, error) {
	pdf, _, err := output(func(set setting) *sheet { return draw(inv, set).sheet })
	return pdf, err
}

// setting is how a document is set: close, it has less white between its parts.
type setting struct {
	face  typeface
	close bool
}

// output sets a document in the cut font, and anew in the whole one if it holds runes
// beyond that. It is set close where that saves a page: nobody wants a sheet of paper for
// three lines.
func output(draw func(setting) *sheet) (file []byte, pages int, err error) {
	face, err := western()
	if err != nil {
		return nil, 0, err
	}
	s := draw(setting{face: face})
	if s.beyond {
		face = whole()
		s = draw(setting{face: face})
	}
	if pages = s.pdf.PageCount(); pages > 1 {
		if tight := draw(setting{face, true}); tight.pdf.PageCount() < pages {
			s, pages = tight, tight.pdf.PageCount()
		}
	}
	var out bytes.Buffer
	if err := s.pdf.Output(&out); err != nil {
		return nil, 0, err
	}
	return out.Bytes(), pages, nil
}

// invoice is one in the making.
type invoice struct {
	*sheet
	inv billing.Invoice
}

func draw(inv billing.Invoice, set setting) invoice {
	s := invoice{newSheet(about{
		seller: inv.Seller, in: inv.Language, word: word(inv), number: inv.Number, day: inv.Date, subject: Subject(inv),
	}, set), inv}
	s.pdf.SetCompression(false)
	s.head()
	s.parties(s.facts(), inv.Client)
	s.summary()
	s.table(inv.Lines, s.totalsHeight())
	s.totals()
	s.blocks(5, s.allowance())
	s.blocks(5, s.payment(), s.mentions())
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
	setting
	y      float64
	beyond bool // it holds runes that are not in western
}

func newSheet(a about, set setting) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	set.face.add(pdf)
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
	return &sheet{about: a, words: wordsOf(a.in), accent: accent, wash: wash, pdf: pdf, setting: set, y: top}
}

// end is where a page's contents end.
func (s *sheet) end() float64 {
	if s.close {
		return lowest
	}
	return bottom
}

// gap is white between parts, in millimetres.
func (s *sheet) gap(height float64) float64 {
	if s.close {
		return 0.6 * height
	}
	return height
}

// room starts a new page where less than height is left.
func (s *sheet) room(height float64) bool {
	if s.y+height <= s.end() {
		return false
	}
	s.pdf.AddPage()
	s.y = top + 9 // below the word that the document goes on
	return true
}
