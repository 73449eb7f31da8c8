package paper

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/agreement"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/templates"
)

func kerlann() contract.Client {
	return contract.Client{ID: "kerlann", Name: "Atelier d'architecture Kerlann & Le Goff", Kind: contract.Business, SIREN: "732829320", VATNumber: "FR44732829320",
		Address: contract.Address{Lines: []string{"4 rue de l'Assemblée nationale"}, PostCode: "56100", City: "Lorient", Country: "FR"}, Language: "fr"}
}

func aQuote(t testing.TB, edit func(*quote.Quote)) quote.Quote {
	q := quote.Quote{Number: "D2026-0001", Buyer: billing.BuyerOf(kerlann()), Seller: seller(), Offer: classic(t), Employees: 12,
		Date: day(t, "2026-11-25"), Valid: day(t, "2026-12-25"), Start: day(t, "2027-01-01")}
	if edit != nil {
		edit(&q)
	}
	return q
}

// quotes are the cases that the golden files show.
var quotes = map[string]func(testing.TB) quote.Quote{
	"quote-plain": func(t testing.TB) quote.Quote { return aQuote(t, nil) },
	"quote-solo": func(t testing.TB) quote.Quote {
		return aQuote(t, func(q *quote.Quote) {
			offers, err := contract.ReadOffers("")
			if err != nil {
				t.Fatal(err)
			}
			q.Offer, q.Employees = offers["solo"], 0
			q.Offer.Setup, q.Offer.Hour = contract.PriceOf(25000), contract.PriceOf(6000)
			q.Seller.VATRegime, q.Seller.VATNumber = billing.Franchise, ""
		})
	},
	"quote-many": func(t testing.TB) quote.Quote {
		return aQuote(t, func(q *quote.Quote) {
			q.Offer.Indexation, q.Offer.NoticeMonths = 250, 3
			q.Note = "Livraison après les fêtes.\n\nLe câblage est vu avec M. Le Bihan."
			for range 30 {
				q.Charges = append(q.Charges, quote.Item{Text: "Deuxième écran, livré et réglé à la hauteur de qui travaille devant", Net: 149_00})
			}
			q.Discounts = []quote.Item{{Text: "Remise de bienvenue", Net: 100_00}, {Text: "Matériel repris : trois vieilles tours, sans leurs disques", Net: 75_50}}
		})
	},
}

// agreed is a contract's paper as it is made; edit may change the contract before.
func agreed(t testing.TB, texts templates.Texts, edit func(*contract.Contract)) (agreement.Paper, error) {
	k := contract.Contract{ID: "kerlann-1", Client: "kerlann", Offer: classic(t),
		Start: day(t, "2027-01-01"), Headcounts: []contract.Headcount{{From: day(t, "2027-01-01"), Count: 12}}}
	if edit != nil {
		edit(&k)
	}
	p := agreement.Paper{Contract: k.ID, Version: 1, Made: day(t, "2026-12-10"), Start: k.Start, Client: billing.BuyerOf(kerlann()), Seller: seller()}
	if n := len(k.Renewals); n > 0 {
		p.Start = k.Renewals[n-1].From
	}
	var err error
	p.Text, err = Articles(k, p.Start, p.Client, p.Seller, texts)
	return p, err
}

// agreements are the cases that the golden files show.
var agreements = map[string]func(testing.TB) func(*contract.Contract){
	"contract-plain": func(testing.TB) func(*contract.Contract) { return nil },
	"contract-solo": func(t testing.TB) func(*contract.Contract) {
		return func(k *contract.Contract) { k.Offer, k.Headcounts = quotes["quote-solo"](t).Offer, nil }
	},
	"contract-island": func(t testing.TB) func(*contract.Contract) {
		return func(k *contract.Contract) {
			offers, err := contract.ReadOffers("")
			if err != nil {
				t.Fatal(err)
			}
			k.Offer, k.Headcounts[0].Count = offers["island"], 1
			k.Offer.Hour = contract.PriceOf(6000)
		}
	},
	"contract-notice": func(testing.TB) func(*contract.Contract) {
		return func(k *contract.Contract) {
			k.Offer.Travel = contract.Trips{Rule: contract.PerMode, Bike: contract.PriceOf(5_00), Truck: contract.PriceOf(25_50)}
			k.Offer.NoticeMonths, k.Offer.Indexation, k.Offer.BrokenYear = 3, 250, contract.Prorated
		}
	},
	// Signed on 29 February and renewed twice: the new term ends before the day that comes
	// back in the leap year.
	"contract-renewed": func(t testing.TB) func(*contract.Contract) {
		return func(k *contract.Contract) {
			k.Start = day(t, "2024-02-29")
			k.Headcounts = []contract.Headcount{{From: k.Start, Count: 12}, {From: day(t, "2025-10-20"), Count: 13}}
			dearer := k.Offer
			dearer.Version, dearer.Price = 4, contract.PriceOf(41_00)
			for _, from := range []string{"2025-02-28", "2027-02-28"} {
				k.Renewals = append(k.Renewals, contract.Renewal{From: day(t, from), Offer: dearer})
			}
		}
	},
}

func quotePaper(q quote.Quote, texts templates.Texts) (pdf []byte, err error) {
	if q.Conditions, err = Conditions(q, texts); err != nil {
		return nil, err
	}
	return Quote(q)
}

func papers(t testing.TB) map[string]func() ([]byte, error) {
	all := map[string]func() ([]byte, error){}
	for name, make := range quotes {
		all[name] = func() ([]byte, error) { return quotePaper(make(t), templates.Texts{}) }
	}
	for name, edit := range agreements {
		all[name] = func() ([]byte, error) {
			p, err := agreed(t, templates.Texts{}, edit(t))
			if err != nil {
				return nil, err
			}
			if name == "contract-renewed" {
				p.Version, p.Replaces = 2, day(t, "2024-02-10")
				p.Changes = []string{"Le nom du client : Atelier Kerlann devient Atelier d'architecture Kerlann & Le Goff.", "Les articles « Objet », « Prix » et « Durée »."}
			}
			return Contract(p)
		}
	}
	return all
}

// TestAgreements holds quotes and contracts against their golden texts, draws each twice to
// the same bytes, and wants every font embedded.
func TestAgreements(t *testing.T) {
	for name, draw := range papers(t) {
		t.Run(name, func(t *testing.T) {
			pdf, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			if again, err := draw(); err != nil || !bytes.Equal(pdf, again) {
				t.Errorf("drawn again it has other bytes (%v)", err)
			}
			golden(t, name+".txt", text(t, pdf))
			embedded(t, pdf)
		})
	}
}

// TestQuoteSays wants all that an offer must say.
func TestQuoteSays(t *testing.T) {
	pdf, err := quotePaper(quotes["quote-many"](t), templates.Texts{})
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(strings.ReplaceAll(text(t, pdf), "--- page ---", "")), " ")
	for what, want := range map[string]string{
		"name of the seller":   "Accolade",
		"legal form":           "SCIC SARL à capital variable",
		"SIREN and register":   "SIREN 123 456 782 · RCS Lorient · TVA FR32123456782",
		"name of the client":   "Atelier d'architecture Kerlann & Le Goff",
		"number":               "D2026-0001",
		"date":                 "Date d'émission 25 novembre 2026",
		"validity":             "Valable jusqu'au 25 décembre 2026",
		"unit price":           "12 39,00 € 20 % 468,00 €",
		"monthly total":        "Total par mois 561,60 €",
		"one-off":              "1 149,00 € 20 % 149,00 €",
		"discount with reason": "Remise de bienvenue -100,00 €",
		"total of the term":    "Sur les 12 mois de l'engagement, à effectif constant : 9 910,50 € HT.",
		"included minutes":     "20 h par an",
		"overage":              "Au-delà, chaque heure coûte 60,00 € HT",
		"term":                 "Engagement de 12 mois à partir du 1er janvier 2027, jusqu'au 31 décembre 2027",
		"notice":               "avec un préavis de 3 mois",
		"indexation":           "le prix augmente de 2,5 %",
		"what is not included": "Votre fournisseur d'accès à Internet et les entreprises extérieures",
		"data":                 "Vous pouvez partir avec toutes",
		"VAT regime":           "TVA 20 %",
		"late payment":         "Pénalités de retard",
		"note":                 "Le câblage est vu avec M. Le Bihan.",
		"signature":            "Bon pour accord",
		"who signs":            "Pour Atelier d'architecture Kerlann & Le Goff",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%s: the quote does not say %q", what, want)
		}
	}
}

// TestLateTermsFollowTheClient: a public body is told what it owes by its own law, also
// before there is an invoice.
func TestLateTermsFollowTheClient(t *testing.T) {
	q := aQuote(t, func(q *quote.Quote) { q.Buyer.Kind, q.Buyer.Late = contract.TownHall, contract.PublicOrder })
	conditions, err := Conditions(q, templates.Texts{})
	if err != nil {
		t.Fatal(err)
	}
	articles, err := Articles(contract.Contract{ID: "mairie-1", Offer: q.Offer, Start: q.Start, Headcounts: []contract.Headcount{{From: q.Start, Count: 3}}},
		q.Start, q.Buyer, q.Seller, templates.Texts{})
	if err != nil {
		t.Fatal(err)
	}
	for what, words := range map[string]string{"quote": conditions, "contract": articles} {
		if !strings.Contains(words, "L2192-13") || !strings.Contains(words, "D2192-35") || strings.Contains(words, "Pénalités de retard") {
			t.Errorf("the %s of a town hall says:\n%s", what, words)
		}
	}
}

// TestOwnWords: the cooperative's own text takes the place of the one that ships, and one
// that cannot be read names file and line.
func TestOwnWords(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "contract", "fr.txt")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]string{
		"# Objet\nNos mots à nous, pour {{.Count}}.\n": "",
		"# Objet\n\n{{if .Notice}}\n":                  file + ":4: unexpected EOF",
		"# Objet\n{{.Nothing}}\n":                      file + ":2:2: executing",
		"{{nonsense .Count}}\n":                        file + ":1: function \"nonsense\" not defined",
		"# Objet\n\xff\n":                              file + ": it is no UTF-8",
	} {
		if err := os.WriteFile(file, []byte(words), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := agreed(t, templates.Texts{Folder: dir}, nil)
		if want == "" {
			if pdf, drawn := Contract(p); err != nil || drawn != nil || !strings.Contains(text(t, pdf), "1. Objet\nNos mots à nous, pour 12 salariés.") {
				t.Errorf("own words: %v, %v", err, drawn)
			}
			continue
		}
		var bad *templates.BadText
		if !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", words, err, want)
		}
	}
	if _, err := Conditions(aQuote(t, nil), templates.Texts{Folder: dir}); err != nil {
		t.Errorf("a text that is not in the own folder: %v", err)
	}
}
