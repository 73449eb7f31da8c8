package paper

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/agreement"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/templates"
)

// Articles are what a contract agrees on, for a commitment that starts on a day: the words
// of templates/contract, filled in. An error of those is a *templates.BadText.
func Articles(k contract.Contract, start calendar.Date, client billing.Buyer, seller billing.Seller, texts templates.Texts) (string, error) {
	t := termsOf(k.OfferOn(start), k.CountOn(start), start, client, seller)
	if t.Months > 0 {
		t.TermEnd = billing.French.Date(k.TermEndOn(start))
	}
	return texts.Fill("contract/fr.txt", t)
}

// Contract draws the paper that both sides of a contract sign, in French.
func Contract(p agreement.Paper) ([]byte, error) {
	pdf, _, err := output(func(set setting) *sheet {
		s := newSheet(about{seller: p.Seller, word: "Contrat", number: p.Contract, day: p.Made,
			subject: fmt.Sprintf("Contrat %s du %s, %s", p.Contract, billing.DateText(p.Made), p.Client.Name)}, set)
		s.head()
		rows := [][2]string{{"Contrat", p.Contract}}
		if p.Version > 1 {
			rows = append(rows, [2]string{"Version", fmt.Sprintf("%d, remplace la version %d du %s", p.Version, p.Version-1, billing.DateText(p.Replaces))})
		}
		rows = append(rows, [2]string{"Établi le", billing.DateText(p.Made)}, [2]string{"Début", billing.DateText(p.Start)})
		s.parties(append(rows, s.clientRows(p.Client)...), p.Client)
		if p.Version > 1 {
			s.blocks(dense, section{"Ce qui change", p.Changes})
		}
		parts := prose(p.Text)
		for i, part := range parts {
			if i == len(parts)-1 {
				s.withSignatures(16, right-left, style{9, false, black}, part)
			}
			s.article(i+1, part)
		}
		s.signatures("Signatures", "Fait en deux exemplaires, un pour chaque partie.", p.Seller.Name, p.Client.Name)
		s.feet()
		return s
	})
	return pdf, err
}

// article sets a numbered section across the page; a title never stands alone at its foot.
func (s *sheet) article(number int, part section) {
	st := style{9, false, black}
	s.room(16)
	s.y += 3
	s.text(left, s.y, style{9.5, true, s.accent}, fmt.Sprintf("%d. %s", number, nobreak(part.title)))
	s.y += 5
	for _, p := range part.paragraphs {
		words, isItem := cutBullet(p)
		indent := 0.0
		if isItem {
			indent = 4
		}
		for i, line := range s.wrap(right-left-indent, st, nobreak(words)) {
			s.room(st.leading())
			if isItem && i == 0 {
				s.text(left, s.y, st, bullet)
			}
			s.text(left+indent, s.y, st, line)
			s.y += st.leading()
		}
		s.y += 1
	}
	s.y += 1
}
