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

// table sets the lines, each kept whole on its page, and the last one on that of what
// comes below, which has a height.
func (s *sheet) table(lines []billing.Line, below float64) {
	s.tableHead()
	var sum money.Cents
	for i, l := range lines {
		title := s.wrap(textWidth, titleStyle, l.Title)
		detail := s.wrap(textWidth, detailStyle, l.Detail)
		height := float64(len(title))*titleStyle.leading() + float64(len(detail))*detailStyle.leading() + s.gap(3.4)
		wanted := height + 2
		if i == len(lines)-1 {
			wanted = min(height+below, s.end()-top-30)
		}
		if s.y+wanted > s.end() && i > 0 {
			s.carry(s.words.carried, sum)
			s.room(wanted)
			s.tableHead()
			s.carry(s.words.brought, sum)
			s.y += 6.4
			s.hairline(left, right, s.y, pale, 0.1)
		} else if s.room(wanted) {
			s.tableHead()
		}
		sum += l.Net
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
		s.figure(priceEnd, priceEnd-quantityEnd, first, s.unitPrice(l))
		s.textRight(vatEnd, first, figure, s.rate(l.Category, l.Rate))
		s.figure(right, right-vatEnd, first, s.in.Money(l.Net))
		s.y += height
		s.hairline(left, right, s.y, pale, 0.1)
	}
}

// figure ends an amount at x, as small as its column asks for.
func (s *sheet) figure(x, width, y float64, words string) {
	s.textRight(x, y, s.fit(width-2, 6, figure, words), words)
}

// carry states what the lines of the pages up to here come to: below the last line of a
// page, and above the first of the next.
func (s *sheet) carry(name string, sum money.Cents) {
	st := style{8, true, grey}
	s.textRight(vatEnd, s.y+4.6, st, name)
	s.textRight(right, s.y+4.6, st, s.in.Money(sum))
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
	if c == billing.Exempt || c == billing.OutOfScope {
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

// totalsHeight is what totals takes.
func (s invoice) totalsHeight() float64 {
	rows := float64(len(s.inv.Groups) + len(s.inv.Discounts) + 2*len(s.inv.Deposits))
	return max(18+rows*5, codeSide+6)
}

// totals are the sums, per rate of VAT and in all, and what was paid before.
func (s invoice) totals() {
	s.room(s.totalsHeight())
	w := s.words
	codeEnd := s.code(s.y + 4)
	name := w.total
	if s.inv.Seller.VATRegime == billing.Franchise {
		name = w.totalFranchise
	}
	if s.inv.Type == billing.CreditNote {
		name = w.totalCredit
	}
	y := s.sums(s.inv, s.y+7, name)
	for _, d := range s.inv.Deposits {
		y = s.sum(y, fmt.Sprintf(w.depositOf, d.Number), s.in.Money(-d.Total), body)
	}
	if len(s.inv.Deposits) > 0 {
		y = s.sum(y, w.left, s.in.Money(s.inv.Payable()), style{10, true, black})
	}
	s.y = max(y+2, codeEnd)
}

// sumsFrom is where the names of sums begin.
const sumsFrom = 116.0

// sum is a name and an amount on the baseline y; it returns the next one's.
func (s *sheet) sum(y float64, name, amount string, st style) float64 {
	s.text(sumsFrom, y, st, name)
	s.textRight(right, y, st, amount)
	return y + 5.2
}

// sums are discounts, the net amount, the tax per rate and the total, from the baseline
// y on; it returns the next one.
func (s *sheet) sums(inv billing.Invoice, y float64, total string) float64 {
	w, euros := s.words, s.in.Money
	for i, d := range inv.Discounts {
		if i == 0 {
			y = s.sum(y, w.lines, euros(linesNet(inv)), body)
		}
		for j, words := range s.wrap(right-sumsFrom-24, body, nobreak(d.Reason)) {
			amount := ""
			if j == 0 {
				amount = euros(-d.Net)
			}
			y = s.sum(y, words, amount, body)
		}
	}
	y = s.sum(y, w.net, euros(inv.Net), body)
	for _, g := range inv.Groups {
		switch g.Category {
		case billing.Exempt:
			name := w.noVAT
			if inv.Seller.VATRegime != billing.Franchise {
				name = fmt.Sprintf(w.exempt, euros(g.Net))
			}
			y = s.sum(y, name, "", body)
		case billing.OutOfScope:
			y = s.sum(y, w.noVAT, "", body)
		case billing.ReverseCharge:
			y = s.sum(y, fmt.Sprintf(w.reverse, euros(g.Net)), "", body)
		default:
			y = s.sum(y, fmt.Sprintf(w.taxOn, s.in.Rate(g.Rate), euros(g.Net)), euros(g.Tax), body)
		}
	}
	s.hairline(sumsFrom, right, y-2.6, s.accent, 0.3)
	return s.sum(y+2.4, total, euros(inv.Total), style{11.5, true, s.accent})
}

// linesNet is what the lines come to, before discounts.
func linesNet(inv billing.Invoice) (sum money.Cents) {
	for _, l := range inv.Lines {
		sum += l.Net
	}
	return sum
}
