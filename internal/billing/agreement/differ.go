package agreement

import (
	"fmt"
	"reflect"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
)

// differences are what a later paper says differently, as it says so itself; nil if
// nothing. How it looks is no matter.
func differences(before, after Paper) []string {
	var all []string
	name := func(whose, old, now string) {
		if old != now {
			all = append(all, fmt.Sprintf("Le nom %s : %s devient %s.", whose, old, now))
		}
	}
	name("du client", before.Client.Name, after.Client.Name)
	name("de la coopérative", before.Seller.Name, after.Seller.Name)
	old, now := before.Client, after.Client
	for _, b := range []*billing.Buyer{&old, &now} {
		b.Name = ""
	}
	if !reflect.DeepEqual(old, now) {
		all = append(all, "L'adresse ou les identifiants du client.")
	}
	if !reflect.DeepEqual(plain(before.Seller), plain(after.Seller)) {
		all = append(all, "Les coordonnées ou les mentions de la coopérative.")
	}
	titles := changedArticles(before.Text, after.Text)
	switch len(titles) {
	case 0:
		if before.Text != after.Text {
			all = append(all, "L'ordre des articles.")
		}
	case 1:
		all = append(all, "L'article "+titles[0]+".")
	default:
		n := len(titles) - 1
		all = append(all, "Les articles "+strings.Join(titles[:n], ", ")+" et "+titles[n]+".")
	}
	return all
}

// plain is a seller without what a contract does not say: his name, which is compared by
// itself, his bank and the looks of his papers.
func plain(s billing.Seller) billing.Seller {
	s.Name, s.IBAN, s.BIC, s.ICS, s.Colour, s.Logo, s.Image = "", "", "", "", "", "", nil
	s.LateRateEN, s.EarlyDiscountEN = "", ""
	return s
}

// changedArticles are the titles of articles that one text has and the other has not, or
// not with the same words.
func changedArticles(before, after string) []string {
	old, now := articles(before), articles(after)
	was := map[string]string{}
	for _, a := range old {
		was[a.title] = a.words
	}
	is := map[string]bool{}
	var titles []string
	for _, a := range now {
		is[a.title] = true
		if words, known := was[a.title]; !known || words != a.words {
			titles = append(titles, "« "+a.title+" »")
		}
	}
	for _, a := range old {
		if !is[a.title] {
			titles = append(titles, "« "+a.title+" » (retiré)")
		}
	}
	return titles
}

type article struct{ title, words string }

// articles are the parts of a text; spaces and blank lines between words do not count.
func articles(text string) []article {
	all := []article{{title: "introductif"}}
	for line := range strings.Lines(text) {
		if title, begins := strings.CutPrefix(strings.TrimSpace(line), "# "); begins {
			all = append(all, article{title: title})
			continue
		}
		last := &all[len(all)-1]
		last.words = strings.TrimSpace(last.words + " " + strings.Join(strings.Fields(line), " "))
	}
	return all
}
