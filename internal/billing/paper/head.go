package paper

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
)

// parties are the document's data on the left, the client in the envelope's window
// on the right.
func (s *sheet) parties(facts [][2]string, client billing.Buyer) {
	y := max(windowTop+3, s.y+6)
	for _, row := range facts {
		s.text(left, y, label, row[0])
		y = s.paragraph(left+31, y, windowLeft-left-37, style{8.5, false, black}, row[1]) + 0.9
	}
	window := s.window(client)
	s.y = max(y, window) + 6
}

// facts are the dates and numbers of the invoice.
func (s invoice) facts() [][2]string {
	inv, w, date := s.inv, s.words, s.inv.Language.Date
	rows := [][2]string{
		{w.number, inv.Number},
		{w.issued, date(inv.Date)},
	}
	if from, to := inv.Period(); !from.IsZero() {
		rows = append(rows, [2]string{w.period, inv.Language.Span(from, to)})
	}
	if inv.Type != billing.CreditNote {
		rows = append(rows, [2]string{w.due, date(inv.Due)})
	}
	rows = append(rows, [2]string{w.contract, inv.Contract})
	if c := inv.Corrects; c != nil {
		name, form, _ := strings.Cut(w.corrected, "|")
		rows = append(rows, [2]string{name, fmt.Sprintf(form, c.Number, date(c.Date))})
		if c.Reason != "" {
			rows = append(rows, [2]string{w.reason, c.Reason})
		}
	}
	return append(rows, s.clientRows(inv.Client)...)
}

// clientRows are what identifies a client.
func (s *sheet) clientRows(c billing.Buyer) (rows [][2]string) {
	w := s.words
	if c.Service != "" {
		rows = append(rows, [2]string{w.service, c.Service})
	}
	if c.Commitment != "" {
		rows = append(rows, [2]string{w.commitment, c.Commitment})
	}
	switch {
	case c.SIRET != "":
		rows = append(rows, [2]string{w.siret, groups(c.SIRET, 3, 3, 3, 5)})
	case c.SIREN != "":
		rows = append(rows, [2]string{w.siren, groups(c.SIREN, 3, 3, 3)})
	}
	if c.RNA != "" {
		rows = append(rows, [2]string{w.rna, c.RNA})
	}
	if c.VATNumber != "" {
		rows = append(rows, [2]string{w.vat, c.VATNumber})
	}
	if c.Delivery != nil {
		rows = append(rows, [2]string{w.delivery, strings.Join(addressLines(*c.Delivery), ", ")})
	}
	return rows
}

func (s *sheet) window(c billing.Buyer) float64 {
	y := windowTop + 3
	width := right - windowLeft
	y = s.paragraph(windowLeft, y, width, style{10, true, black}, c.Name) + 0.6
	for _, line := range addressLines(c.Address) {
		y = s.paragraph(windowLeft, y, width, style{9.5, false, black}, line)
	}
	return y
}

func addressLines(a contract.Address) []string {
	lines := append(append([]string{}, a.Lines...), strings.TrimSpace(a.PostCode+" "+a.City))
	if a.Country != "" && a.Country != "FR" {
		lines = append(lines, a.Country)
	}
	return lines
}

// summary says in one glance what is due, and when.
func (s invoice) summary() {
	const height = 15.0
	s.band(left, s.y, height, s.accent, s.wash)
	if s.inv.Type == billing.CreditNote {
		s.text(left+6, s.y+6, label, s.words.credited)
		s.text(left+6, s.y+11.6, style{13, true, s.accent}, s.inv.Language.Money(s.inv.Total))
		s.y += height + 9
		return
	}
	s.text(left+6, s.y+6, label, s.words.toPay)
	s.text(left+6, s.y+11.6, style{13, true, s.accent}, s.inv.Language.Money(s.inv.Payable()))
	box, due := s.words.dueBox, fmt.Sprintf(s.words.latest, s.inv.Language.Date(s.inv.Due))
	switch d := s.inv.Debit; {
	case s.inv.Payable() <= 0:
		due = s.words.noDue
	case d != nil:
		box, due = s.words.debitBox, fmt.Sprintf(s.words.earliest, s.inv.Language.Date(d.On))
	}
	s.textRight(right-5, s.y+6, label, box)
	s.textRight(right-5, s.y+11.4, style{10, false, black}, due)
	s.y += height + 9
}

// lowerFirst is a word inside a sentence; one in capitals stays as it is.
func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}

// groups sets digits in groups: `123 456 782`.
func groups(digits string, sizes ...int) string {
	var parts []string
	for _, n := range sizes {
		if len(digits) < n {
			break
		}
		parts, digits = append(parts, digits[:n]), digits[n:]
	}
	if digits != "" {
		parts = append(parts, digits)
	}
	return strings.Join(parts, "\u00a0")
}

// feet writes every page's foot, once all pages are known.
func (s *sheet) feet() {
	pages := s.pdf.PageCount()
	for page := 1; page <= pages; page++ {
		s.pdf.SetPage(page)
		if page > 1 {
			going := fmt.Sprintf(s.words.going, s.seller.Name, lowerFirst(title(s.word, s.number)))
			s.text(left, top, s.fit(right-left, 5, small, going), going)
		}
		s.hairline(left, right, 279, pale, 0.1)
		s.paragraph(left, 283, right-left-14, small, s.legal()) // beside the page's number
		s.textRight(right, 283, small, fmt.Sprintf("%d / %d", page, pages))
	}
}

// legal is who the seller is before the law, on one line.
func (s *sheet) legal() string {
	seller := s.seller
	parts := []string{seller.Name, s.in.Form(seller), "SIREN " + groups(strings.Join(strings.Fields(seller.SIREN), ""), 3, 3, 3), seller.RegisterText()}
	if seller.VATNumber != "" {
		parts = append(parts, s.words.rate+" "+seller.VATNumber)
	}
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ReplaceAll(parts[i], " ", "\u00a0")
	}
	return strings.Join(parts, " · ")
}
