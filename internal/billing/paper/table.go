package paper

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
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
		s.textRight(quantityEnd, first, figure, s.quantity(l))
		s.textRight(priceEnd, first, figure, s.unitPrice(l))
		s.textRight(vatEnd, first, figure, s.rate(l.Category, l.Rate))
		s.textRight(right, first, figure, s.in.Money(l.Net))
		s.y += height
		s.hairline(left, right, s.y, pale, 0.1)
	}
}

func (s *sheet) tableHead() {
	s.text(left, s.y, label, s.words.item)
	s.textRight(quantityEnd, s.y, label, s.words.quantity)
	s.textRight(priceEnd, s.y, label, s.words.price)
	s.textRight(vatEnd, s.y, label, s.words.rate)
	s.textRight(right, s.y, label, s.words.amount)
	s.y += 2
	s.hairline(left, right, s.y, black, 0.2)
}

// rate is `20 %`, or a dash where no tax applies.
func (s *sheet) rate(c billing.Category, r money.Rate) string {
	if c == billing.Exempt {
		return "—"
	}
	return s.in.Rate(r)
}

// quantity is `12`, or hours and minutes.
func (s *sheet) quantity(l billing.Line) string {
	if l.Unit == billing.Minute {
		return s.in.Hours(calendar.Minutes(l.Quantity))
	}
	return fmt.Sprint(l.Quantity)
}

func (s *sheet) unitPrice(l billing.Line) string {
	if l.Unit == billing.Minute {
		return s.in.Price(l.Price) + s.words.hour
	}
	return s.in.Price(l.Price)
}

// totals are the sums, per rate of VAT and in all.
func (s invoice) totals() {
	rows := float64(len(s.inv.Groups) + len(s.inv.Discounts) + 2*len(s.inv.Deposits))
	s.room(max(18+rows*5, codeSide+6))
	const from = 116.0
	w, euros := s.words, s.inv.Language.Money
	codeEnd := s.code(s.y + 4)
	y := s.y + 7
	row := func(name, amount string, st style) {
		s.text(from, y, st, name)
		s.textRight(right, y, st, amount)
		y += 5.2
	}
	for i, d := range s.inv.Discounts {
		if i == 0 {
			row(w.lines, euros(linesNet(s.inv)), body)
		}
		for j, words := range s.wrap(right-from-24, body, nobreak(d.Reason)) {
			amount := ""
			if j == 0 {
				amount = euros(-d.Net)
			}
			row(words, amount, body)
		}
	}
	row(w.net, euros(s.inv.Net), body)
	for _, g := range s.inv.Groups {
		if g.Category == billing.Exempt {
			row(w.noVAT, "", body)
			continue
		}
		if g.Category == billing.ReverseCharge {
			row(fmt.Sprintf(w.reverse, euros(g.Net)), "", body)
			continue
		}
		row(fmt.Sprintf(w.taxOn, s.inv.Language.Rate(g.Rate), euros(g.Net)), euros(g.Tax), body)
	}
	s.hairline(from, right, y-2.6, accent, 0.3)
	y += 2.4
	name := w.total
	if s.inv.Seller.VATRegime == billing.Franchise {
		name = w.totalFranchise
	}
	if s.inv.Type == billing.CreditNote {
		name = w.totalCredit
	}
	row(name, euros(s.inv.Total), style{11.5, true, accent})
	for _, d := range s.inv.Deposits {
		row(fmt.Sprintf(w.depositOf, d.Number), euros(-d.Total), body)
	}
	if len(s.inv.Deposits) > 0 {
		row(w.left, euros(s.inv.Payable()), style{10, true, black})
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
