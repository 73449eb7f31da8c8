package einvoice

import (
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

// Of states a frozen invoice in the standard's terms. It refuses a client that no
// electronic address can be given for: one without SIREN and without mail.
func Of(inv billing.Invoice) (Document, error) {
	endpoint, err := addressOf(inv.Client)
	if err != nil {
		return Document{}, err
	}
	d := Document{
		Number: inv.Number, Issued: inv.Date, Type: typeOf(inv), Due: inv.Due, Contract: inv.Contract,
		BuyerReference: inv.Client.Service, Order: inv.Client.Commitment,
		Terms: termsOf(inv), Process: processOf(inv), Notes: notesOf(inv),
		Seller: sellerOf(inv.Seller, inv.Language), Buyer: buyerOf(inv.Client), Payment: paymentOf(inv),
	}
	d.Buyer.Endpoint = endpoint
	if inv.Seller.VATOnDebits {
		d.TaxDue = OnIssue
	}
	if c := inv.Corrects; c != nil {
		d.Preceding = append(d.Preceding, Preceding{c.Number, c.Date})
	}
	for _, p := range inv.Deposits {
		d.Preceding = append(d.Preceding, Preceding{p.Number, p.Date})
	}
	if inv.Client.Delivery != nil {
		a := postal(*inv.Client.Delivery)
		d.DeliverTo = &a
	}
	d.From, d.To = inv.Period()
	d.Delivered = d.To
	if inv.OnDeposit() { // the day of the payment on account, as far as it is known (article 226, 7 of directive 2006/112)
		d.Delivered = inv.Date
	}
	for _, x := range inv.Discounts {
		d.Allowances = append(d.Allowances, Allowance{x.Net, string(x.Category), x.Rate, x.Reason})
		d.Totals.Allowances += x.Net
	}
	for i, l := range inv.Lines {
		line := lineOf(i, l)
		if inv.OnDeposit() { // nothing is supplied yet
			line.From, line.To = calendar.Date{}, calendar.Date{}
		}
		d.Lines = append(d.Lines, line)
		d.Totals.Lines += l.Net
	}
	for _, g := range inv.Groups {
		why := inv.Exempted(g.Category)
		d.Taxes = append(d.Taxes, Tax{g.Net, g.Tax, string(g.Category), g.Rate, why.Text, why.Code})
		if g.Category == billing.OutOfScope { // BR-O-02: then nobody has a VAT number
			d.Seller.VAT, d.Seller.Tax, d.Buyer.VAT = "", d.Seller.Legal, ""
		}
	}
	d.Totals.Net, d.Totals.Tax, d.Totals.Total, d.Totals.Payable = inv.Net, inv.Tax, inv.Total, inv.Payable()
	d.Totals.Prepaid = inv.Total - inv.Payable()
	return d, nil
}

// termsOf says in words when to pay (BT-20).
func termsOf(inv billing.Invoice) string {
	credit, pay, debit := "Avoir : rien à payer", "Paiement au plus tard le ", "Prélèvement SEPA le "
	if inv.Language == billing.English {
		credit, pay, debit = "Credit note: nothing to pay", "Payment at the latest on ", "SEPA direct debit on "
	}
	switch {
	case inv.Type == billing.CreditNote:
		return credit
	case inv.Debit != nil:
		return debit + inv.Language.Date(inv.Debit.On)
	}
	return pay + inv.Language.Date(inv.Due)
}

func typeOf(inv billing.Invoice) TypeCode {
	switch inv.Type {
	case billing.CreditNote:
		if inv.OnDeposit() {
			return DepositNote
		}
		return CreditNote
	case billing.DepositInvoice:
		return Deposit
	}
	return Invoice
}

// processOf is the billing framework (BT-23): S1, a service; S4, the final invoice
// after a deposit.
func processOf(inv billing.Invoice) string {
	if len(inv.Deposits) > 0 {
		return "S4"
	}
	return "S1"
}

// notesOf are the mentions of the law that have a code (BR-FR-05: recovery fee,
// penalties, discount, each once), and what else stands on the paper.
func notesOf(inv billing.Invoice) []Note {
	s, in := inv.Seller, inv.Language
	notes := []Note{
		{"PMT", in.Recovery(inv.Client.Late)},
		{"PMD", in.Late(s, inv.Client.Late)},
		{"AAB", in.Discount(s)},
	}
	if forBusiness(inv.Client) {
		notes = append(notes, Note{"BAR", "B2B"})
	}
	notes = append(notes, Note{"AAI", in.Operation()})
	if s.VATOnDebits {
		notes = append(notes, Note{"AAI", in.OnDebits()})
	}
	if c := inv.Corrects; c != nil && c.Reason != "" {
		notes = append(notes, Note{"ACD", c.Reason})
	}
	return notes
}

// forBusiness tells whether a client buys as a business that must receive
// electronic invoices: it has a SIREN, and is a company, or an association that has
// a VAT number.
func forBusiness(c billing.Buyer) bool {
	switch c.Kind {
	case contract.Business, contract.SoleTrader:
		return c.SIREN != ""
	case contract.Association, contract.School:
		return c.SIREN != "" && c.VATNumber != ""
	}
	return false
}

func addressOf(c billing.Buyer) (Endpoint, error) {
	if c.SIREN != "" {
		return Endpoint{schemeDirectory, c.SIREN}, nil
	}
	return Endpoint{schemeMail, c.Mail}, c.Addressed()
}

func sellerOf(s billing.Seller, in billing.Language) Party {
	siren := compact(s.SIREN)
	p := Party{Name: s.Name, Legal: siren, VAT: compact(s.VATNumber), LegalForm: in.Form(s) + ", " + s.RegisterText(),
		Endpoint: Endpoint{schemeDirectory, siren}, Address: sellerAddress(s.Address), Phone: s.Phone, Mail: s.Mail}
	if p.VAT == "" {
		p.Tax = siren
	}
	return p
}

func buyerOf(c billing.Buyer) Party {
	return Party{Name: c.Name, ID: c.SIRET, Legal: c.SIREN, VAT: c.VATNumber, Address: postal(c.Address)}
}

func postal(a contract.Address) Address {
	p := Address{City: a.City, PostCode: a.PostCode, Country: a.Country}
	if p.Country == "" {
		p.Country = "FR"
	}
	p.setLines(a.Lines)
	return p
}

// setLines puts what is more than the standard has room for into the last line.
func (a *Address) setLines(lines []string) {
	for i, l := range lines {
		if i < len(a.Lines) {
			a.Lines[i] = l
			continue
		}
		a.Lines[len(a.Lines)-1] += ", " + l
	}
}

// sellerAddress takes the letterhead apart: its last line is post code and town.
func sellerAddress(lines []string) Address {
	a := Address{Country: "FR"}
	if len(lines) == 0 {
		return a
	}
	last := lines[len(lines)-1]
	if code, town, ok := strings.Cut(last, " "); ok && len(code) == 5 {
		a.PostCode, a.City = code, town
	} else {
		a.City = last
	}
	a.setLines(lines[:len(lines)-1])
	return a
}

func paymentOf(inv billing.Invoice) Payment {
	if d := inv.Debit; d != nil {
		return Payment{Means: directDebit, Reference: inv.Number, Mandate: d.Mandate, Creditor: d.Creditor, Debtor: d.IBAN}
	}
	return Payment{Means: transfer, Reference: inv.Number, IBAN: compact(inv.Seller.IBAN), Holder: inv.Seller.Name, BIC: compact(inv.Seller.BIC)}
}

// lineOf writes a credit that came late as a negative quantity: prices are never
// negative (BR-27).
func lineOf(i int, l billing.Line) Line {
	x := Line{ID: strconv.Itoa(i + 1), Quantity: l.Quantity, Unit: unitOne, Net: l.Net, From: l.From, To: l.To,
		Price: l.Price, Per: l.Per, Category: string(l.Category), Rate: l.Rate, Name: l.Title, Text: l.Detail}
	if x.Price < 0 {
		x.Price, x.Quantity = -x.Price, -x.Quantity
	}
	switch l.Unit {
	case billing.Employee, billing.Seat:
		x.Unit = unitPerson
	case billing.Minute:
		x.Unit = unitMinute
	}
	return x
}

func compact(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }
