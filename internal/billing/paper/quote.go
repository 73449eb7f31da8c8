package paper

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/templates"
)

// Conditions are what a quote says below its figures: the words of templates/quote,
// filled in. An error of those is a *templates.BadText.
func Conditions(q quote.Quote, texts templates.Texts) (string, error) {
	return texts.Fill("quote/fr.txt", termsOf(q.Offer, q.Employees, q.Start, q.Buyer, q.Seller))
}

// Quote draws a quote, which its client signs: in French.
func Quote(q quote.Quote) ([]byte, error) {
	pdf, _, err := output(func(set setting) *sheet {
		s := newSheet(about{seller: q.Seller, word: "Devis", number: q.Number, day: q.Date,
			subject: fmt.Sprintf("Devis %s du %s, %s", q.Number, billing.DateText(q.Date), q.Buyer.Name)}, set)
		s.head()
		s.parties(s.quoteFacts(q), q.Buyer)
		s.quoteFigures(q)
		if q.Note != "" {
			s.blocks(dense, section{"Remarque", lines(q.Note)})
		}
		parts := prose(q.Conditions)
		for i, part := range parts {
			if i == len(parts)-1 {
				s.withSignatures(dense, right-left-42, style{8, false, black}, part)
			}
			s.blocks(dense, part)
		}
		s.signatures("Bon pour accord", fmt.Sprintf("Pour accepter ce devis, datez et signez au plus tard le %s, avec la mention « Bon pour accord ».", billing.DateText(q.Valid)), q.Seller.Name, q.Buyer.Name)
		s.feet()
		return s
	})
	return pdf, err
}

func (s *sheet) quoteFacts(q quote.Quote) [][2]string {
	rows := [][2]string{
		{"Numéro", q.Number},
		{"Date d'émission", billing.DateText(q.Date)},
		{"Valable jusqu'au", billing.DateText(q.Valid)},
		{"Début prévu", billing.DateText(q.Start)},
	}
	return append(rows, s.clientRows(q.Buyer)...)
}

// dense is the gap above the sections of a quote, so that one of few lines goes on a page.
const dense = 2.4

// quoteFigures are what comes every month, what comes once, and the whole of the term.
func (s *sheet) quoteFigures(q quote.Quote) {
	monthly, once := q.Monthly(), q.Once()
	if len(monthly.Lines) > 0 {
		s.caption("Chaque mois")
		s.table(monthly.Lines, 30)
		s.room(30)
		s.y = s.sums(monthly, s.y+7, "Total par mois")
	}
	if len(once.Lines)+len(once.Discounts) > 0 {
		height := 30 + 5*float64(len(once.Discounts))
		s.caption("Une fois, avec la première facture")
		if len(once.Lines) > 0 {
			s.table(once.Lines, height)
		}
		s.room(height)
		s.y = s.sums(once, s.y+7, "Total une fois")
	}
	if net, ok := q.Committed(); ok {
		s.blocks(5, section{"Au total", []string{fmt.Sprintf("Sur les %d mois de l'engagement, à effectif constant : %s HT.", q.Offer.TermMonths, net.French())}})
	}
}

// caption is a heading over a table.
func (s *sheet) caption(words string) {
	s.room(30)
	s.y += s.gap(3)
	s.text(left, s.y, style{10, true, s.accent}, words)
	s.y += 6
}

// withSignatures starts a new page where the last section would stand without the
// signatures: nobody signs an empty sheet. above is what its title takes.
func (s *sheet) withSignatures(above, width float64, st style, last section) {
	height := above + signed
	for _, p := range last.paragraphs {
		height += float64(len(s.wrap(width, st, nobreak(p)))) * st.leading()
	}
	s.room(min(height, bottom-top-9))
}

// signed is what the boxes for signatures take with a line above them, in millimetres.
const signed = 44.8

// signatures are two boxes for date, name and signature, kept together on a page.
func (s *sheet) signatures(title, how, seller, client string) {
	const height, gap = 30.0, 8.0
	st := style{8, false, black}
	said := s.wrap(right-left, st, nobreak(how))
	s.room(height + 11 + float64(len(said))*st.leading())
	s.y += 6
	s.text(left, s.y, style{10, true, s.accent}, title)
	s.y += 5
	for _, line := range said {
		s.text(left, s.y, st, line)
		s.y += st.leading()
	}
	width := (right - left - gap) / 2
	for i, name := range []string{seller, client} {
		x := left + float64(i)*(width+gap)
		s.pdf.SetDrawColor(pale[0], pale[1], pale[2])
		s.pdf.SetLineWidth(0.2)
		s.pdf.Rect(x, s.y, width, height, "D")
		y := s.y + 5
		for n, line := range s.wrap(width-8, style{8.5, true, black}, "Pour "+name) {
			if n == 2 {
				break // the name stands in full at the head
			}
			s.text(x+4, y, style{8.5, true, black}, line)
			y += 4
		}
		s.text(x+4, y+1, small, "Date, nom, qualité et signature")
	}
	s.y += height
}
