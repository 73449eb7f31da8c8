package paper

import (
	"fmt"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/templates"
)

// Agreement is a contract with who signs it.
type Agreement struct {
	Contract contract.Contract
	Client   contract.Client
	Seller   billing.Seller
	Entered  calendar.Date // when it was entered: the paper's date
}

// Contract draws the contract that both sides sign, as it was signed with: in French, with
// the words of templates/contract. An error of those is a *templates.BadText.
func Contract(a Agreement, texts templates.Texts) ([]byte, error) {
	k := a.Contract
	text, err := texts.Fill("contract/fr.txt", termsOf(k.Offer, k.CountOn(k.Start), k.Start, a.Client.Name, a.Seller))
	if err != nil {
		return nil, err
	}
	client := billing.BuyerOf(a.Client)
	pdf, _, err := output(func(set setting) *sheet {
		s := newSheet(about{seller: a.Seller, word: "Contrat", number: k.ID, day: a.Entered,
			subject: fmt.Sprintf("Contrat %s du %s, %s", k.ID, billing.DateText(a.Entered), client.Name)}, set)
		s.head()
		s.parties(append([][2]string{
			{"Contrat", k.ID},
			{"Établi le", billing.DateText(a.Entered)},
			{"Début", billing.DateText(k.Start)},
		}, s.clientRows(client)...), client)
		parts := prose(text)
		for i, part := range parts {
			if i == len(parts)-1 {
				s.withSignatures(16, right-left, style{9, false, black}, part)
			}
			s.article(i+1, part)
		}
		s.signatures("Signatures", "Fait en deux exemplaires, un pour chaque partie.", a.Seller.Name, client.Name)
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
