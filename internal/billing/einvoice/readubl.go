package einvoice

import (
	"errors"
	"fmt"
	"strings"
)

// ReadUBL reads what WriteUBL wrote.
func ReadUBL(b []byte) (Document, error) {
	root, err := parse(b)
	if err != nil {
		return Document{}, fmt.Errorf("read UBL: %w", err)
	}
	credit := root.name == "CreditNote"
	if !credit && root.name != "Invoice" {
		return Document{}, fmt.Errorf("read UBL: the root element is %s, neither Invoice nor CreditNote", root.name)
	}
	if g := root.say("CustomizationID"); g != guideline {
		return Document{}, fmt.Errorf("read UBL: customization %q: want %s", g, guideline)
	}
	var r reading
	u := ubl{credit: credit}
	name := func(invoice, creditNote string) string { return u.name(invoice, creditNote) }
	d := Document{
		Number: root.say("ID"), Type: TypeCode(root.say(name("InvoiceTypeCode", "CreditNoteTypeCode"))), Issued: r.day(root, "IssueDate"),
		Due: r.day(root, name("DueDate", "PaymentMeans/PaymentDueDate")), Process: root.say("ProfileID"), BuyerReference: root.say("BuyerReference"), Order: root.say("OrderReference/ID"),
		Contract: root.say("ContractDocumentReference/ID"), Seller: partyUBL(root.one("AccountingSupplierParty/Party")), Buyer: partyUBL(root.one("AccountingCustomerParty/Party")),
		Delivered: r.day(root, "Delivery/ActualDeliveryDate"), From: r.day(root, "InvoicePeriod/StartDate"), To: r.day(root, "InvoicePeriod/EndDate"),
		Terms: root.say("PaymentTerms/Note"), TaxDue: r.due(root.say("InvoicePeriod/DescriptionCode"), ublTaxDue),
	}
	for _, n := range root.all("Note") {
		_, rest, _ := strings.Cut(n.text, "#")
		subject, text, _ := strings.Cut(rest, "#")
		d.Notes = append(d.Notes, Note{subject, text})
	}
	if n := root.one("Delivery/DeliveryLocation/Address"); n != nil {
		a := addressUBL(n)
		d.DeliverTo = &a
	}
	means := root.one("PaymentMeans")
	d.Payment = Payment{Means: means.say("PaymentMeansCode"), Reference: means.say("PaymentID"), IBAN: means.say("PayeeFinancialAccount/ID"), Holder: means.say("PayeeFinancialAccount/Name"),
		BIC: means.say("PayeeFinancialAccount/FinancialInstitutionBranch/ID"), Mandate: means.say("PaymentMandate/ID"),
		Creditor: root.with("AccountingSupplierParty/Party/PartyIdentification/ID", "schemeID", "SEPA"), Debtor: means.say("PaymentMandate/PayerFinancialAccount/ID")}
	for _, n := range root.all("TaxTotal/TaxSubtotal") {
		d.Taxes = append(d.Taxes, Tax{r.cents(n, "TaxableAmount"), r.cents(n, "TaxAmount"), n.say("TaxCategory/ID"), r.rate(n, "TaxCategory/Percent"),
			n.say("TaxCategory/TaxExemptionReason"), n.say("TaxCategory/TaxExemptionReasonCode")})
	}
	for _, n := range root.all("AllowanceCharge") {
		d.Allowances = append(d.Allowances, Allowance{r.cents(n, "Amount"), n.say("TaxCategory/ID"), r.rate(n, "TaxCategory/Percent"), n.say("AllowanceChargeReason")})
	}
	for _, n := range root.all("BillingReference/InvoiceDocumentReference") {
		d.Preceding = append(d.Preceding, Preceding{n.say("ID"), r.day(n, "IssueDate")})
	}
	t := root.one("LegalMonetaryTotal")
	d.Totals = Totals{r.cents(t, "LineExtensionAmount"), r.cents(t, "AllowanceTotalAmount"), r.cents(t, "TaxExclusiveAmount"), r.cents(root, "TaxTotal/TaxAmount"),
		r.cents(t, "TaxInclusiveAmount"), r.cents(t, "PrepaidAmount"), r.cents(t, "PayableAmount")}
	for _, n := range root.all(name("InvoiceLine", "CreditNoteLine")) {
		quantity := name("InvoicedQuantity", "CreditedQuantity")
		d.Lines = append(d.Lines, Line{ID: n.say("ID"), Quantity: r.count(n, quantity), Unit: attribute(n.one(quantity), "unitCode"), Net: r.cents(n, "LineExtensionAmount"),
			From: r.day(n, "InvoicePeriod/StartDate"), To: r.day(n, "InvoicePeriod/EndDate"), Price: r.price(n, "Price/PriceAmount"), Per: r.count(n, "Price/BaseQuantity"),
			Category: n.say("Item/ClassifiedTaxCategory/ID"), Rate: r.rate(n, "Item/ClassifiedTaxCategory/Percent"), Name: n.say("Item/Name"), Text: n.say("Item/Description")})
	}
	if err := errors.Join(r.problems...); err != nil {
		return Document{}, fmt.Errorf("read UBL: %w", err)
	}
	return d, nil
}

func partyUBL(n *node) Party {
	p := Party{Name: n.say("PartyLegalEntity/RegistrationName"), ID: n.with("PartyIdentification/ID", "schemeID", schemeSIRET), Legal: n.say("PartyLegalEntity/CompanyID"),
		LegalForm: n.say("PartyLegalEntity/CompanyLegalForm"), Endpoint: Endpoint{attribute(n.one("EndpointID"), "schemeID"), n.say("EndpointID")},
		Address: addressUBL(n.one("PostalAddress")), Phone: n.say("Contact/Telephone"), Mail: n.say("Contact/ElectronicMail")}
	for _, t := range n.all("PartyTaxScheme") {
		if t.say("TaxScheme/ID") == "VAT" {
			p.VAT = t.say("CompanyID")
		} else {
			p.Tax = t.say("CompanyID")
		}
	}
	return p
}

func addressUBL(n *node) Address {
	return Address{[3]string{n.say("StreetName"), n.say("AdditionalStreetName"), n.say("AddressLine/Line")}, n.say("CityName"), n.say("PostalZone"), n.say("Country/IdentificationCode")}
}
