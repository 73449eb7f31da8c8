package einvoice

import (
	"strconv"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// WriteUBL writes the document as UBL 2.1: an Invoice, or a CreditNote, which has
// other names for some parts and another order.
func WriteUBL(d Document) []byte {
	w := ubl{&writer{}, d.Type.Credit()}
	root := "Invoice"
	if w.credit {
		root = "CreditNote"
	}
	w.in(root, func() {
		w.text("cbc:CustomizationID", guideline)
		w.text("cbc:ProfileID", d.Process)
		w.text("cbc:ID", d.Number)
		w.text("cbc:IssueDate", d.Issued.String())
		if !w.credit {
			w.text("cbc:DueDate", d.Due.String())
			w.text("cbc:InvoiceTypeCode", string(d.Type))
		} else {
			w.text("cbc:CreditNoteTypeCode", string(d.Type))
		}
		for _, n := range d.Notes {
			w.text("cbc:Note", "#"+n.Subject+"#"+n.Text)
		}
		w.text("cbc:DocumentCurrencyCode", currency)
		w.text("cbc:BuyerReference", d.BuyerReference)
		w.in("cac:InvoicePeriod", func() {
			w.span(d.From, d.To)
			w.text("cbc:DescriptionCode", ublTaxDue[d.TaxDue])
		})
		w.in("cac:OrderReference", func() { w.text("cbc:ID", d.Order) })
		for _, p := range d.Preceding {
			w.in("cac:BillingReference", func() {
				w.in("cac:InvoiceDocumentReference", func() {
					w.text("cbc:ID", p.Number)
					w.text("cbc:IssueDate", p.Issued.String())
				})
			})
		}
		w.in("cac:ContractDocumentReference", func() { w.text("cbc:ID", d.Contract) })
		w.in("cac:AccountingSupplierParty", func() { w.party(d.Seller, d.Payment.Creditor) })
		w.in("cac:AccountingCustomerParty", func() { w.party(d.Buyer, "") })
		w.in("cac:Delivery", func() {
			w.text("cbc:ActualDeliveryDate", d.Delivered.String())
			if d.DeliverTo != nil {
				w.in("cac:DeliveryLocation", func() { w.address("cac:Address", *d.DeliverTo) })
			}
		})
		w.payment(d)
		for _, a := range d.Allowances {
			w.allowance(a)
		}
		w.taxes(d)
		w.totals(d)
		for _, l := range d.Lines {
			w.line(l)
		}
	}, attr{"xmlns", "urn:oasis:names:specification:ubl:schema:xsd:" + root + "-2"},
		attr{"xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"},
		attr{"xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"})
	return w.bytes()
}

// ubl writes the parts of a UBL document.
type ubl struct {
	*writer
	credit bool
}

// name is the invoice's or the credit note's word for a part.
func (w ubl) name(invoice, credit string) string {
	if w.credit {
		return credit
	}
	return invoice
}

// party writes a seller or buyer; a creditor identifier is one more identifier of
// the seller.
func (w ubl) party(p Party, creditor string) {
	w.in("cac:Party", func() {
		w.text("cbc:EndpointID", p.Endpoint.ID, attr{"schemeID", p.Endpoint.Scheme})
		w.in("cac:PartyIdentification", func() { w.text("cbc:ID", p.ID, attr{"schemeID", schemeSIRET}) })
		w.in("cac:PartyIdentification", func() { w.text("cbc:ID", creditor, attr{"schemeID", "SEPA"}) })
		w.address("cac:PostalAddress", p.Address)
		w.tax(p.VAT, "VAT")
		w.tax(p.Tax, "TAX")
		w.in("cac:PartyLegalEntity", func() {
			w.text("cbc:RegistrationName", p.Name)
			w.text("cbc:CompanyID", p.Legal, attr{"schemeID", schemeSIREN})
			w.text("cbc:CompanyLegalForm", p.LegalForm)
		})
		w.in("cac:Contact", func() {
			if p.Phone != "" || p.Mail != "" {
				w.text("cbc:Name", p.Name)
			}
			w.text("cbc:Telephone", p.Phone)
			w.text("cbc:ElectronicMail", p.Mail)
		})
	})
}

func (w ubl) tax(number, scheme string) {
	if number == "" {
		return
	}
	w.in("cac:PartyTaxScheme", func() {
		w.text("cbc:CompanyID", number)
		w.in("cac:TaxScheme", func() { w.text("cbc:ID", scheme) })
	})
}

func (w ubl) address(name string, a Address) {
	w.in(name, func() {
		w.text("cbc:StreetName", a.Lines[0])
		w.text("cbc:AdditionalStreetName", a.Lines[1])
		w.text("cbc:CityName", a.City)
		w.text("cbc:PostalZone", a.PostCode)
		w.in("cac:AddressLine", func() { w.text("cbc:Line", a.Lines[2]) })
		w.in("cac:Country", func() { w.text("cbc:IdentificationCode", a.Country) })
	})
}

func (w ubl) payment(d Document) {
	p := d.Payment
	w.in("cac:PaymentMeans", func() {
		w.text("cbc:PaymentMeansCode", p.Means)
		if w.credit { // a credit note has no due date of its own
			w.text("cbc:PaymentDueDate", d.Due.String())
		}
		w.text("cbc:PaymentID", p.Reference)
		w.in("cac:PayeeFinancialAccount", func() {
			w.text("cbc:ID", p.IBAN)
			w.text("cbc:Name", p.Holder)
			w.in("cac:FinancialInstitutionBranch", func() { w.text("cbc:ID", p.BIC) })
		})
		w.in("cac:PaymentMandate", func() {
			w.text("cbc:ID", p.Mandate)
			w.in("cac:PayerFinancialAccount", func() { w.text("cbc:ID", p.Debtor) })
		})
	})
	w.in("cac:PaymentTerms", func() { w.text("cbc:Note", d.Terms) })
}

func (w ubl) allowance(a Allowance) {
	w.in("cac:AllowanceCharge", func() {
		w.text("cbc:ChargeIndicator", "false")
		w.text("cbc:AllowanceChargeReason", a.Reason)
		w.amount("cbc:Amount", a.Amount)
		w.category("cac:TaxCategory", a.Category, a.Rate, "", "")
	})
}

func (w ubl) category(name, category string, rate money.Rate, reason, code string) {
	w.in(name, func() {
		w.text("cbc:ID", category)
		w.text("cbc:Percent", percent(category, rate))
		w.text("cbc:TaxExemptionReasonCode", code)
		w.text("cbc:TaxExemptionReason", reason)
		w.in("cac:TaxScheme", func() { w.text("cbc:ID", "VAT") })
	})
}

func (w ubl) taxes(d Document) {
	w.in("cac:TaxTotal", func() {
		w.amount("cbc:TaxAmount", d.Totals.Tax)
		for _, t := range d.Taxes {
			w.in("cac:TaxSubtotal", func() {
				w.amount("cbc:TaxableAmount", t.Net)
				w.amount("cbc:TaxAmount", t.Amount)
				w.category("cac:TaxCategory", t.Category, t.Rate, t.Reason, t.Code)
			})
		}
	})
}

func (w ubl) totals(d Document) {
	t := d.Totals
	w.in("cac:LegalMonetaryTotal", func() {
		w.amount("cbc:LineExtensionAmount", t.Lines)
		w.amount("cbc:TaxExclusiveAmount", t.Net)
		w.amount("cbc:TaxInclusiveAmount", t.Total)
		if len(d.Allowances) > 0 {
			w.amount("cbc:AllowanceTotalAmount", t.Allowances)
		}
		if t.Prepaid != 0 {
			w.amount("cbc:PrepaidAmount", t.Prepaid)
		}
		w.amount("cbc:PayableAmount", t.Payable)
	})
}

func (w ubl) line(l Line) {
	w.in(w.name("cac:InvoiceLine", "cac:CreditNoteLine"), func() {
		w.text("cbc:ID", l.ID)
		w.quantity(w.name("cbc:InvoicedQuantity", "cbc:CreditedQuantity"), l.Quantity, l.Unit)
		w.amount("cbc:LineExtensionAmount", l.Net)
		w.in("cac:InvoicePeriod", func() { w.span(l.From, l.To) })
		w.in("cac:Item", func() {
			w.text("cbc:Description", l.Text)
			w.text("cbc:Name", l.Name)
			w.category("cac:ClassifiedTaxCategory", l.Category, l.Rate, "", "")
		})
		w.in("cac:Price", func() {
			w.text("cbc:PriceAmount", l.Price.Decimal(), attr{"currencyID", currency})
			w.quantity("cbc:BaseQuantity", l.Per, l.Unit)
		})
	})
}

// ublTaxDue are codes of UNTDID 2005: paid to date, issue date of the invoice.
var ublTaxDue = map[TaxDue]string{OnPayment: "432", OnIssue: "3"}

func (w ubl) span(from, to calendar.Date) {
	w.text("cbc:StartDate", from.String())
	w.text("cbc:EndDate", to.String())
}

func (w ubl) amount(name string, c money.Cents) {
	w.text(name, c.Decimal(), attr{"currencyID", currency})
}

func (w ubl) quantity(name string, n int64, unit string) {
	w.text(name, strconv.FormatInt(n, 10), attr{"unitCode", unit})
}
