package paper

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// terms are what the texts of quotes and contracts can be filled in with, in French
// words. What an offer does not have is empty, so that {{if .Notice}} asks for it.
type terms struct {
	Client, Seller string
	Offer, Title   string // `classic`, and what it is called on paper
	Version        int
	Unit, Count    string // `salarié`, `12 salariés`
	Price, Monthly string // for one, and for all of them: `39,00 €`
	Setup          string
	Included, Hour string // `20 h`, `60,00 €`
	Counts         string // `l'accompagnement, la formation et l'assistance`
	Prorated       bool   // the allowance of a last year that is cut short
	Travel         string // a sentence
	Start, TermEnd string
	Months, Notice int // of commitment and of notice; 0: none
	Indexation     string
	EarlyBilled    bool // leaving before the term costs the months left
	DueDays        int
	VAT            string // sentences, as on an invoice
	Late, Recovery string
	Discount       string
}

func termsOf(o contract.Offer, count int, start calendar.Date, client billing.Buyer, seller billing.Seller) terms {
	in := billing.French
	t := terms{Client: client.Name, Seller: seller.Name, Offer: o.Name, Title: o.Title, Version: o.Version, Counts: worksText(o.Counts),
		Prorated: o.BrokenYear == contract.Prorated, Travel: travelText(o), Start: in.Date(start), Months: o.TermMonths, Notice: o.NoticeMonths,
		EarlyBilled: o.EarlyEnd == contract.Bill && o.TermMonths > 0, DueDays: billing.DueDays,
		Late: in.Late(seller, client.Late), Recovery: in.Recovery(client.Late), Discount: in.Discount(seller)}
	if o.Unit != contract.NoUnit {
		t.Unit, t.Count = unitNames[o.Unit], in.Count(count, o.Unit)
		t.Price, t.Monthly = o.Price.Cents.French(), (o.Price.Cents * money.Cents(count)).French()
	}
	if o.Setup.State == contract.Known && o.Setup.Cents > 0 {
		t.Setup = o.Setup.Cents.French()
	}
	if o.Hour.State == contract.Known {
		t.Hour = o.Hour.Cents.French()
	}
	if o.Included > 0 {
		t.Included = in.Hours(o.Included)
	}
	if o.TermMonths > 0 {
		t.TermEnd = in.Date(start.AddMonths(o.TermMonths).AddDays(-1))
	}
	if o.Indexation > 0 {
		t.Indexation = o.Indexation.French()
	}
	category, rate := seller.VAT(o.VAT)
	t.VAT = "Les prix s'entendent hors taxes ; TVA " + rate.French() + "."
	if words := in.Exemption(category); words != "" {
		t.VAT = words + "."
	}
	return t
}

var unitNames = map[contract.Unit]string{contract.PerEmployee: "salarié", contract.PerSeat: "place"}

var workNames = map[contract.Work]string{contract.Accompaniment: "l'accompagnement", contract.Training: "la formation", contract.Assistance: "l'assistance",
	contract.Intervention: "les interventions sur le matériel", contract.Travel: "les déplacements"}

// worksText lists kinds of work in words.
func worksText(works []contract.Work) string {
	var names []string
	for _, w := range works {
		names = append(names, workNames[w])
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " et " + names[n-1]
	}
	return strings.Join(names, "")
}

// travelText says what a trip costs.
func travelText(o contract.Offer) string {
	switch t := o.Travel; {
	case o.CountsWork(contract.Travel):
		return "Le temps de trajet compte avec les heures."
	case t.Rule == contract.PerTrip:
		return "Chaque déplacement, aller et retour, est facturé " + t.Each.Cents.French() + " HT."
	case t.Rule == contract.PerMode:
		return fmt.Sprintf("Chaque déplacement, aller et retour, est facturé %s HT à vélo, %s HT en camionnette.", t.Bike.Cents.French(), t.Truck.Cents.French())
	}
	return "Les déplacements ne sont pas facturés."
}
