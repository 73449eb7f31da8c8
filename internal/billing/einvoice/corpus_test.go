package einvoice_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// corpus are invoices that together take every branch: each kind of client with
// each VAT regime, category, type of document, unit and length of text; the rest is
// drawn by the seed.
func corpus(n int) []billing.Invoice {
	var all []billing.Invoice
	for i := range n {
		all = append(all, sample(i))
	}
	return all
}

var kinds = contract.ClientKinds

func seller(regime billing.Regime) billing.Seller {
	s := billing.Seller{Name: "Coopérative « L'Océan »", LegalForm: "SCIC SA", Capital: "18 500 €", Address: []string{"Le Péristyle", "12 rue du Port", "56100 Lorient"},
		SIREN: "123 456 782", RCS: "Lorient", VATRegime: regime, IBAN: "FR76 3000 6000 0112 3456 7890 189", BIC: "AGRIFRPP",
		LateRate: "trois fois le taux d'intérêt légal", Mail: "compta@example.org", Phone: "+33 2 97 00 00 00"}
	if regime == billing.Normal {
		s.VATNumber = "FR32123456782"
	}
	return s
}

func sample(i int) billing.Invoice {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	month := calendar.Month{Year: 2026 + i%3, Month: time.Month(1 + i%12)}
	inv := billing.Invoice{Number: fmt.Sprintf("F%d-%04d", month.Year, i+1), Month: month, Date: month.Last(), Due: month.Last().AddDays(billing.DueDays),
		Contract: fmt.Sprintf("C-%04d", i), Offer: []string{"classic", "island", "solo"}[i%3], Client: client(i), Seller: seller(billing.Normal)}
	if inv.Client.Language == "en" {
		inv.Language = billing.English
	}
	category, rate := billing.Standard, money.Rate(2000)
	switch i % 7 {
	case 1:
		inv.Seller, category, rate = seller(billing.Franchise), billing.Exempt, 0
	case 2:
		category, rate = billing.ZeroRate, 0
	case 3:
		if inv.Client.VATNumber != "" {
			category, rate = billing.ReverseCharge, 0
		}
	case 4:
		rate = 550
	}
	var exemption *billing.Exemption
	switch {
	case i%7 == 5 && i%2 == 0: // exempt by an article of its own
		codes := []string{"VATEX-FR-CGI261-4", "", "VATEX-EU-132-1I", "VATEX-FR-CGI261-7", "VATEX-FR-CGI261D-2", "VATEX-EU-132"}
		category, rate, exemption = billing.Exempt, 0, &billing.Exemption{Text: "Exonération de TVA, art. 261-4-4° du CGI", Code: codes[i%len(codes)]}
	case i%14 == 13: // damages
		category, rate = billing.OutOfScope, 0
	}
	inv.Seller.VATOnDebits = i%5 == 2
	if i%11 == 0 {
		inv.Seller.EarlyDiscount = "Escompte de 1 % pour paiement sous huit jours"
	}
	for range []int{1, 2, 1, 3, 60, 1, 2, 5}[i%8] {
		inv.Lines = append(inv.Lines, line(r, month, category, rate))
	}
	if i%13 == 5 && category == billing.Standard { // two rates on one invoice
		inv.Lines = append(inv.Lines, line(r, month, billing.Standard, 1000), line(r, month, billing.ZeroRate, 0))
	}
	for j := range inv.Lines {
		inv.Lines[j].Exemption = exemption
	}
	if i%7 == 5 && i%4 == 0 { // beside lines that are taxed
		inv.Lines = append(inv.Lines, line(r, month, billing.Standard, 2000))
	}
	if i%9 == 4 { // a credit that came late
		late := line(r, month.Add(-1), category, rate)
		late.Quantity, late.Unit, late.Per = 1, billing.Piece, 1
		late.Net = -min(inv.Lines[0].Net, 1234)
		late.Price = money.PriceOf(late.Net.Rat())
		inv.Lines = append(inv.Lines, late)
	}
	if i%10 == 3 { // nothing to pay
		for j := range inv.Lines {
			inv.Lines[j].Price, inv.Lines[j].Net = 0, 0
		}
	}
	if i%6 == 5 && inv.Lines[0].Net > 100 {
		l := inv.Lines[0]
		inv.Discounts = append(inv.Discounts, billing.Discount{Reason: "Remise de fidélité, première année", Net: l.Net / 10, Category: l.Category, Rate: l.Rate})
	}
	switch i % 12 {
	case 6:
		inv.Type, inv.Number = billing.CreditNote, strings.Replace(inv.Number, "F", "A", 1)
		inv.Corrects = &billing.Reference{Number: "F2025-0042", Date: month.First().AddDays(-1), Reason: "Effectif erroné en novembre"}
	case 9:
		inv.Type, inv.Number = billing.DepositInvoice, strings.Replace(inv.Number, "F", "FA", 1)
	case 3: // a deposit that is given back
		inv.Type, inv.Number = billing.CreditNote, strings.Replace(inv.Number, "F", "A", 1)
		inv.Corrects = &billing.Reference{Number: "FA2025-0003", Of: billing.DepositInvoice, Date: month.First().AddDays(-1), Reason: "Commande annulée"}
	}
	inv = billing.Total(inv)
	if i%9 == 7 && inv.Type != billing.CreditNote && inv.Total > 0 {
		inv.Debit = &billing.DirectDebit{Mandate: fmt.Sprintf("KERLANN-%d", i), Creditor: "FR72ZZZ123456", IBAN: "FR1420041010050500013M02606", On: inv.Due.AddDays(1)}
	}
	if i%12 == 10 && inv.Total > 1000 {
		for j, g := range inv.Groups {
			net := g.Net / 3
			tax := money.Round(g.Rate.Of(net))
			inv.Deposits = append(inv.Deposits, billing.Deposit{Reference: billing.Reference{Number: fmt.Sprintf("FA2025-%04d", 7+j), Date: month.First().AddDays(-1)},
				Category: g.Category, Rate: g.Rate, Net: net, Tax: tax, Total: net + tax})
		}
	}
	return inv
}

func client(i int) billing.Buyer {
	c := billing.Buyer{ID: fmt.Sprintf("client-%d", i), Name: []string{"Le Gall & Fils SARL", "Mairie de Kerlann", "Association « Ar Mor » <loisirs>", "École Sainte-Anne", "Maëlle Cœurdassier"}[i%5],
		Kind: kinds[i%len(kinds)], Address: contract.Address{Lines: []string{"3 place de l'Église"}, PostCode: "56670", City: "Riantec"}, Language: []string{"fr", "en"}[i%2]}
	switch c.Kind {
	case contract.Business, contract.SoleTrader:
		c.SIREN = "404833048"
		if i%2 == 0 {
			c.VATNumber = "FR83404833048"
		}
	case contract.TownHall:
		c.SIREN, c.SIRET, c.Service, c.Commitment = "215600017", "21560001700016", "SERVICE-INFO", fmt.Sprintf("ENG%05d", i)
	case contract.School:
		if i%2 == 0 {
			c.SIREN, c.SIRET = "404833048", "40483304800022"
		}
	case contract.Association:
		c.RNA = "W561234567"
	}
	if c.SIREN == "" {
		c.Mail = "tresorier@ar-mor.example.org"
	}
	if i%4 == 1 {
		c.Address = contract.Address{Lines: []string{"Bâtiment C", "Escalier 2", "Zone artisanale de Kerpont", "BP 70 123"}, PostCode: "56850", City: "Caudan", Country: "FR"}
		c.Delivery = &contract.Address{Lines: []string{"Quai nº 4"}, PostCode: "56290", City: "Port-Louis"}
	}
	if i%17 == 8 {
		c.Name = strings.Repeat("Société très longue ", 5)[:99]
	}
	return c
}

func line(r *rand.Rand, month calendar.Month, category billing.Category, rate money.Rate) billing.Line {
	first := r.IntN(month.Days())
	last := first + r.IntN(month.Days()-first)
	l := billing.Line{Title: "Informatique accompagnée", Detail: "12 salariés, du 1er au 30 novembre 2026", For: month, From: month.First().AddDays(first), To: month.First().AddDays(last),
		Category: category, Rate: rate, Per: 1}
	exact := new(big.Rat)
	switch r.IntN(4) {
	case 0, 1:
		l.Part, l.Unit, l.Quantity = billing.Subscription, billing.Employee, int64(1+r.IntN(25))
		exact.Mul(big.NewRat(3900, 1), big.NewRat(int64(last-first+1), int64(month.Days())))
		l.Net = money.Round(new(big.Rat).Mul(exact, big.NewRat(l.Quantity, 1)))
	case 2:
		l.Part, l.Unit, l.Quantity, l.Per = billing.Hours, billing.Minute, int64(1+r.IntN(3000)), 60
		l.Title, l.Detail = "Accompagnement au-delà du forfait", strings.Repeat("Formation des équipes à la messagerie ; ", 1+r.IntN(12))
		exact.SetInt64(int64(4000 + r.IntN(4000)))
		l.Net = money.Round(new(big.Rat).Mul(exact, big.NewRat(l.Quantity, 60)))
	default:
		l.Part, l.Unit, l.Quantity = billing.Setup, billing.Piece, 1
		exact.SetInt64(int64(r.IntN(100_000)))
		l.Net = money.Round(exact)
	}
	l.Price = money.PriceOf(exact)
	return l
}
