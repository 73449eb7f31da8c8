package einvoice

import (
	"errors"
	"fmt"
)

// ReadCII reads what WriteCII wrote.
func ReadCII(b []byte) (Document, error) {
	root, err := parse(b)
	if err != nil {
		return Document{}, fmt.Errorf("read CII: %w", err)
	}
	if root.name != "CrossIndustryInvoice" {
		return Document{}, fmt.Errorf("read CII: the root element is %s, not CrossIndustryInvoice", root.name)
	}
	if g := root.say("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"); g != guideline {
		return Document{}, fmt.Errorf("read CII: guideline %q: want %s", g, guideline)
	}
	var r reading
	head, trade := root.one("ExchangedDocument"), root.one("SupplyChainTradeTransaction")
	agreement, delivery, settlement := trade.one("ApplicableHeaderTradeAgreement"), trade.one("ApplicableHeaderTradeDelivery"), trade.one("ApplicableHeaderTradeSettlement")
	d := Document{
		Number: head.say("ID"), Type: TypeCode(head.say("TypeCode")), Issued: r.day(head, "IssueDateTime/DateTimeString"),
		Process:        root.say("ExchangedDocumentContext/BusinessProcessSpecifiedDocumentContextParameter/ID"),
		BuyerReference: agreement.say("BuyerReference"), Order: agreement.say("BuyerOrderReferencedDocument/IssuerAssignedID"), Contract: agreement.say("ContractReferencedDocument/IssuerAssignedID"),
		Seller: partyCII(agreement.one("SellerTradeParty")), Buyer: partyCII(agreement.one("BuyerTradeParty")),
		Delivered: r.day(delivery, "ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"),
		From:      r.day(settlement, "BillingSpecifiedPeriod/StartDateTime/DateTimeString"), To: r.day(settlement, "BillingSpecifiedPeriod/EndDateTime/DateTimeString"),
		Terms: settlement.say("SpecifiedTradePaymentTerms/Description"), Due: r.day(settlement, "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"),
	}
	for _, n := range head.all("IncludedNote") {
		d.Notes = append(d.Notes, Note{n.say("SubjectCode"), n.say("Content")})
	}
	if n := delivery.one("ShipToTradeParty/PostalTradeAddress"); n != nil {
		a := addressCII(n)
		d.DeliverTo = &a
	}
	means := settlement.one("SpecifiedTradeSettlementPaymentMeans")
	d.Payment = Payment{Means: means.say("TypeCode"), Reference: settlement.say("PaymentReference"), IBAN: means.say("PayeePartyCreditorFinancialAccount/IBANID"),
		Holder: means.say("PayeePartyCreditorFinancialAccount/AccountName"), BIC: means.say("PayeeSpecifiedCreditorFinancialInstitution/BICID"),
		Mandate: settlement.say("SpecifiedTradePaymentTerms/DirectDebitMandateID"), Creditor: settlement.say("CreditorReferenceID"), Debtor: means.say("PayerPartyDebtorFinancialAccount/IBANID")}
	for _, n := range settlement.all("ApplicableTradeTax") {
		d.Taxes = append(d.Taxes, Tax{r.cents(n, "BasisAmount"), r.cents(n, "CalculatedAmount"), n.say("CategoryCode"), r.rate(n, "RateApplicablePercent"), n.say("ExemptionReason"), n.say("ExemptionReasonCode")})
		d.TaxDue = r.due(n.say("DueDateTypeCode"), ciiTaxDue)
	}
	for _, n := range settlement.all("SpecifiedTradeAllowanceCharge") {
		d.Allowances = append(d.Allowances, Allowance{r.cents(n, "ActualAmount"), n.say("CategoryTradeTax/CategoryCode"), r.rate(n, "CategoryTradeTax/RateApplicablePercent"), n.say("Reason")})
	}
	for _, n := range settlement.all("InvoiceReferencedDocument") {
		d.Preceding = append(d.Preceding, Preceding{n.say("IssuerAssignedID"), r.day(n, "FormattedIssueDateTime/DateTimeString")})
	}
	t := settlement.one("SpecifiedTradeSettlementHeaderMonetarySummation")
	d.Totals = Totals{r.cents(t, "LineTotalAmount"), r.cents(t, "AllowanceTotalAmount"), r.cents(t, "TaxBasisTotalAmount"), r.cents(t, "TaxTotalAmount"),
		r.cents(t, "GrandTotalAmount"), r.cents(t, "TotalPrepaidAmount"), r.cents(t, "DuePayableAmount")}
	for _, n := range trade.all("IncludedSupplyChainTradeLineItem") {
		price, tax := n.one("SpecifiedLineTradeAgreement/NetPriceProductTradePrice"), n.one("SpecifiedLineTradeSettlement/ApplicableTradeTax")
		d.Lines = append(d.Lines, Line{ID: n.say("AssociatedDocumentLineDocument/LineID"), Quantity: r.count(n, "SpecifiedLineTradeDelivery/BilledQuantity"),
			Unit: attribute(n.one("SpecifiedLineTradeDelivery/BilledQuantity"), "unitCode"), Net: r.cents(n, "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"),
			From:  r.day(n, "SpecifiedLineTradeSettlement/BillingSpecifiedPeriod/StartDateTime/DateTimeString"),
			To:    r.day(n, "SpecifiedLineTradeSettlement/BillingSpecifiedPeriod/EndDateTime/DateTimeString"),
			Price: r.price(price, "ChargeAmount"), Per: r.count(price, "BasisQuantity"), Category: tax.say("CategoryCode"), Rate: r.rate(tax, "RateApplicablePercent"),
			Name: n.say("SpecifiedTradeProduct/Name"), Text: n.say("SpecifiedTradeProduct/Description")})
	}
	if err := errors.Join(r.problems...); err != nil {
		return Document{}, fmt.Errorf("read CII: %w", err)
	}
	return d, nil
}

func partyCII(n *node) Party {
	return Party{Name: n.say("Name"), ID: n.with("GlobalID", "schemeID", schemeSIRET), Legal: n.with("SpecifiedLegalOrganization/ID", "schemeID", schemeSIREN),
		VAT: n.with("SpecifiedTaxRegistration/ID", "schemeID", "VA"), Tax: n.with("SpecifiedTaxRegistration/ID", "schemeID", "FC"), LegalForm: n.say("Description"),
		Endpoint: Endpoint{attribute(n.one("URIUniversalCommunication/URIID"), "schemeID"), n.say("URIUniversalCommunication/URIID")},
		Address:  addressCII(n.one("PostalTradeAddress")), Phone: n.say("DefinedTradeContact/TelephoneUniversalCommunication/CompleteNumber"),
		Mail: n.say("DefinedTradeContact/EmailURIUniversalCommunication/URIID")}
}

func addressCII(n *node) Address {
	return Address{[3]string{n.say("LineOne"), n.say("LineTwo"), n.say("LineThree")}, n.say("CityName"), n.say("PostcodeCode"), n.say("CountryID")}
}

func attribute(n *node, name string) string {
	if n == nil {
		return ""
	}
	return n.attrs[name]
}
