package paper

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/money"
)

// Columns of the table: where they end, but for the first, which begins at left.
const (
	textWidth   = 92.0
	quantityEnd = 128.0
	priceEnd    = 156.0
	vatEnd      = 168.0
)

var (
	titleStyle  = style{9, true, black}
	detailStyle = style{8, false, grey}
	figure      = style{9, false, black}
)

// table sets the lines, each kept whole on its page.
func (s *sheet) table(lines []billing.Line) {
	s.tableHead()
	for _, l := range lines {
		title := s.wrap(textWidth, titleStyle, l.Title)
		detail := s.wrap(textWidth, detailStyle, l.Detail)
		height := float64(len(title))*titleStyle.leading() + float64(len(detail))*detailStyle.leading() + 3.4
		if s.room(height + 2) {
			s.tableHead()
		}
		first := s.y + 4.6
		y := first
		for _, line := range title {
			s.text(left, y, titleStyle, line)
			y += titleStyle.leading()
		}
		for _, line := range detail {
			s.text(left, y, detailStyle, line)
			y += detailStyle.leading()
		}
		s.textRight(quantityEnd, first, figure, quantity(l))
		s.textRight(priceEnd, first, figure, unitPrice(l))
		s.textRight(vatEnd, first, figure, rate(l.Category, l.Rate))
		s.textRight(right, first, figure, l.Net.French())
		s.y += height
		s.hairline(left, right, s.y, pale, 0.1)
	}
}

func (s *sheet) tableHead() {
	s.text(left, s.y, label, "DÉSIGNATION")
	s.textRight(quantityEnd, s.y, label, "QUANTITÉ")
	s.textRight(priceEnd, s.y, label, "PRIX UNITAIRE HT")
	s.textRight(vatEnd, s.y, label, "TVA")
	s.textRight(right, s.y, label, "MONTANT HT")
	s.y += 2
	s.hairline(left, right, s.y, black, 0.2)
}

// rate is `20 %`, or a dash where no tax applies.
func rate(c billing.Category, r money.Rate) string {
	if c == billing.Exempt {
		return "—"
	}
	return r.French()
}

// quantity is `12`, or hours and minutes.
func quantity(l billing.Line) string {
	if l.Unit == billing.Minute {
		return billing.HoursWords(l.Quantity)
	}
	return fmt.Sprint(l.Quantity)
}

func unitPrice(l billing.Line) string {
	if l.Unit == billing.Minute {
		return l.Price.French() + "\u00a0/\u00a0h"
	}
	return l.Price.French()
}

// totals are the sums, per rate of VAT and in all.
func (s invoice) totals() {
	rows := float64(len(s.inv.Groups) + len(s.inv.Discounts) + 2*len(s.inv.Deposits))
	s.room(max(18+rows*5, codeSide+6))
	const from = 116.0
	codeEnd := s.code(s.y + 4)
	y := s.y + 7
	row := func(name, amount string, st style) {
		s.text(from, y, st, name)
		s.textRight(right, y, st, amount)
		y += 5.2
	}
	for i, d := range s.inv.Discounts {
		if i == 0 {
			row("Total des lignes", linesNet(s.inv).French(), body)
		}
		for j, words := range s.wrap(right-from-24, body, nobreak(d.Reason)) {
			amount := ""
			if j == 0 {
				amount = (-d.Net).French()
			}
			row(words, amount, body)
		}
	}
	row("Total HT", s.inv.Net.French(), body)
	for _, g := range s.inv.Groups {
		if g.Category == billing.Exempt {
			row("TVA non applicable", "", body)
			continue
		}
		if g.Category == billing.ReverseCharge {
			row("TVA due par le client, sur "+g.Net.French(), "", body)
			continue
		}
		row(fmt.Sprintf("TVA %s sur %s", g.Rate.French(), g.Net.French()), g.Tax.French(), body)
	}
	s.hairline(from, right, y-2.6, accent, 0.3)
	y += 2.4
	name := "Total TTC"
	if s.inv.Seller.VATRegime == billing.Franchise {
		name = "Total à payer"
	}
	if s.inv.Type == billing.CreditNote {
		name = "Total de l'avoir"
	}
	row(name, s.inv.Total.French(), style{11.5, true, accent})
	for _, d := range s.inv.Deposits {
		row("Acompte "+d.Number, (-d.Total).French(), body)
	}
	if len(s.inv.Deposits) > 0 {
		row("Reste à payer", s.inv.Payable().French(), style{10, true, black})
	}
	s.y = max(y+2, codeEnd)
}

// linesNet is what the lines come to, before discounts.
func linesNet(inv billing.Invoice) (sum money.Cents) {
	for _, l := range inv.Lines {
		sum += l.Net
	}
	return sum
}
