package einvoice

import (
	"strconv"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// WriteCII writes the document as UN/CEFACT Cross Industry Invoice D22B in the
// profile EN 16931 of Factur-X 1.09: the content of factur-x.xml.
func WriteCII(d Document) []byte {
	w := cii{&writer{}}
	w.in("rsm:CrossIndustryInvoice", func() {
		w.in("rsm:ExchangedDocumentContext", func() {
			w.in("ram:BusinessProcessSpecifiedDocumentContextParameter", func() { w.text("ram:ID", d.Process) })
			w.in("ram:GuidelineSpecifiedDocumentContextParameter", func() { w.text("ram:ID", guideline) })
		})
		w.in("rsm:ExchangedDocument", func() {
			w.text("ram:ID", d.Number)
			w.text("ram:TypeCode", string(d.Type))
			w.date("ram:IssueDateTime", d.Issued)
			for _, n := range d.Notes {
				w.in("ram:IncludedNote", func() {
					w.text("ram:Content", n.Text)
					w.text("ram:SubjectCode", n.Subject)
				})
			}
		})
		w.in("rsm:SupplyChainTradeTransaction", func() {
			for _, l := range d.Lines {
				w.line(l)
			}
			w.agreement(d)
			w.delivery(d)
			w.settlement(d)
		})
	}, attr{"xmlns:rsm", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"},
		attr{"xmlns:qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"},
		attr{"xmlns:ram", "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"},
		attr{"xmlns:udt", "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"})
	return w.bytes()
}

// cii writes the parts of a CII document.
type cii struct{ *writer }

func (w cii) line(l Line) {
	w.in("ram:IncludedSupplyChainTradeLineItem", func() {
		w.in("ram:AssociatedDocumentLineDocument", func() { w.text("ram:LineID", l.ID) })
		w.in("ram:SpecifiedTradeProduct", func() {
			w.text("ram:Name", l.Name)
			w.text("ram:Description", l.Text)
		})
		w.in("ram:SpecifiedLineTradeAgreement", func() {
			w.in("ram:NetPriceProductTradePrice", func() {
				w.text("ram:ChargeAmount", l.Price.Decimal())
				w.quantity("ram:BasisQuantity", l.Per, l.Unit)
			})
		})
		w.in("ram:SpecifiedLineTradeDelivery", func() { w.quantity("ram:BilledQuantity", l.Quantity, l.Unit) })
		w.in("ram:SpecifiedLineTradeSettlement", func() {
			w.in("ram:ApplicableTradeTax", func() {
				w.text("ram:TypeCode", "VAT")
				w.text("ram:CategoryCode", l.Category)
				w.text("ram:RateApplicablePercent", percent(l.Category, l.Rate))
			})
			w.period(l.From, l.To)
			w.in("ram:SpecifiedTradeSettlementLineMonetarySummation", func() { w.amount("ram:LineTotalAmount", l.Net) })
		})
	})
}

func (w cii) agreement(d Document) {
	w.in("ram:ApplicableHeaderTradeAgreement", func() {
		w.text("ram:BuyerReference", d.BuyerReference)
		w.in("ram:SellerTradeParty", func() { w.party(d.Seller) })
		w.in("ram:BuyerTradeParty", func() { w.party(d.Buyer) })
		w.in("ram:BuyerOrderReferencedDocument", func() { w.text("ram:IssuerAssignedID", d.Order) })
		w.in("ram:ContractReferencedDocument", func() { w.text("ram:IssuerAssignedID", d.Contract) })
	})
}

func (w cii) party(p Party) {
	w.text("ram:GlobalID", p.ID, attr{"schemeID", schemeSIRET})
	w.text("ram:Name", p.Name)
	w.text("ram:Description", p.LegalForm)
	w.in("ram:SpecifiedLegalOrganization", func() { w.text("ram:ID", p.Legal, attr{"schemeID", schemeSIREN}) })
	w.in("ram:DefinedTradeContact", func() {
		if p.Phone != "" || p.Mail != "" {
			w.text("ram:PersonName", p.Name)
		}
		w.in("ram:TelephoneUniversalCommunication", func() { w.text("ram:CompleteNumber", p.Phone) })
		w.in("ram:EmailURIUniversalCommunication", func() { w.text("ram:URIID", p.Mail) })
	})
	w.in("ram:PostalTradeAddress", func() { w.address(p.Address) })
	w.in("ram:URIUniversalCommunication", func() { w.text("ram:URIID", p.Endpoint.ID, attr{"schemeID", p.Endpoint.Scheme}) })
	w.in("ram:SpecifiedTaxRegistration", func() { w.text("ram:ID", p.VAT, attr{"schemeID", "VA"}) })
	w.in("ram:SpecifiedTaxRegistration", func() { w.text("ram:ID", p.Tax, attr{"schemeID", "FC"}) })
}

func (w cii) address(a Address) {
	w.text("ram:PostcodeCode", a.PostCode)
	w.text("ram:LineOne", a.Lines[0])
	w.text("ram:LineTwo", a.Lines[1])
	w.text("ram:LineThree", a.Lines[2])
	w.text("ram:CityName", a.City)
	w.text("ram:CountryID", a.Country)
}

func (w cii) delivery(d Document) {
	w.in("ram:ApplicableHeaderTradeDelivery", func() {
		if d.DeliverTo != nil {
			w.in("ram:ShipToTradeParty", func() {
				w.in("ram:PostalTradeAddress", func() { w.address(*d.DeliverTo) })
			})
		}
		w.in("ram:ActualDeliverySupplyChainEvent", func() { w.date("ram:OccurrenceDateTime", d.Delivered) })
	})
}

func (w cii) settlement(d Document) {
	w.in("ram:ApplicableHeaderTradeSettlement", func() {
		w.text("ram:CreditorReferenceID", d.Payment.Creditor)
		w.text("ram:PaymentReference", d.Payment.Reference)
		w.text("ram:InvoiceCurrencyCode", currency)
		w.in("ram:SpecifiedTradeSettlementPaymentMeans", func() {
			w.text("ram:TypeCode", d.Payment.Means)
			w.in("ram:PayerPartyDebtorFinancialAccount", func() { w.text("ram:IBANID", d.Payment.Debtor) })
			w.in("ram:PayeePartyCreditorFinancialAccount", func() {
				w.text("ram:IBANID", d.Payment.IBAN)
				w.text("ram:AccountName", d.Payment.Holder)
			})
			w.in("ram:PayeeSpecifiedCreditorFinancialInstitution", func() { w.text("ram:BICID", d.Payment.BIC) })
		})
		for _, t := range d.Taxes {
			w.in("ram:ApplicableTradeTax", func() {
				w.amount("ram:CalculatedAmount", t.Amount)
				w.text("ram:TypeCode", "VAT")
				w.text("ram:ExemptionReason", t.Reason)
				w.amount("ram:BasisAmount", t.Net)
				w.text("ram:CategoryCode", t.Category)
				w.text("ram:ExemptionReasonCode", t.Code)
				w.text("ram:DueDateTypeCode", ciiTaxDue[d.TaxDue])
				w.text("ram:RateApplicablePercent", percent(t.Category, t.Rate))
			})
		}
		w.period(d.From, d.To)
		for _, a := range d.Allowances {
			w.in("ram:SpecifiedTradeAllowanceCharge", func() {
				w.in("ram:ChargeIndicator", func() { w.text("udt:Indicator", "false") })
				w.amount("ram:ActualAmount", a.Amount)
				w.text("ram:Reason", a.Reason)
				w.in("ram:CategoryTradeTax", func() {
					w.text("ram:TypeCode", "VAT")
					w.text("ram:CategoryCode", a.Category)
					w.text("ram:RateApplicablePercent", percent(a.Category, a.Rate))
				})
			})
		}
		w.in("ram:SpecifiedTradePaymentTerms", func() {
			w.text("ram:Description", d.Terms)
			w.date("ram:DueDateDateTime", d.Due)
			w.text("ram:DirectDebitMandateID", d.Payment.Mandate)
		})
		w.totals(d)
		for _, p := range d.Preceding {
			w.in("ram:InvoiceReferencedDocument", func() {
				w.text("ram:IssuerAssignedID", p.Number)
				w.in("ram:FormattedIssueDateTime", func() { w.text("qdt:DateTimeString", basic(p.Issued), dayFormat) })
			})
		}
	})
}

func (w cii) totals(d Document) {
	t := d.Totals
	w.in("ram:SpecifiedTradeSettlementHeaderMonetarySummation", func() {
		w.amount("ram:LineTotalAmount", t.Lines)
		if len(d.Allowances) > 0 {
			w.amount("ram:AllowanceTotalAmount", t.Allowances)
		}
		w.amount("ram:TaxBasisTotalAmount", t.Net)
		w.text("ram:TaxTotalAmount", t.Tax.Decimal(), attr{"currencyID", currency})
		w.amount("ram:GrandTotalAmount", t.Total)
		if t.Prepaid != 0 {
			w.amount("ram:TotalPrepaidAmount", t.Prepaid)
		}
		w.amount("ram:DuePayableAmount", t.Payable)
	})
}

// percent is a rate; what is out of the tax's scope has none (BR-O-05).
func percent(category string, r money.Rate) string {
	if category == outOfScope {
		return ""
	}
	return r.Decimal()
}

// ciiTaxDue are codes of UNTDID 2475: paid to date, date of invoice.
var ciiTaxDue = map[TaxDue]string{OnPayment: "72", OnIssue: "5"}

// dayFormat says that a date is YYYYMMDD (UNTDID 2379).
var dayFormat = attr{"format", "102"}

func basic(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	s := d.String()
	return s[:4] + s[5:7] + s[8:]
}

func (w cii) date(name string, d calendar.Date) {
	w.in(name, func() { w.text("udt:DateTimeString", basic(d), dayFormat) })
}

func (w cii) period(from, to calendar.Date) {
	w.in("ram:BillingSpecifiedPeriod", func() {
		w.date("ram:StartDateTime", from)
		w.date("ram:EndDateTime", to)
	})
}

func (w cii) amount(name string, c money.Cents) { w.text(name, c.Decimal()) }

func (w cii) quantity(name string, n int64, unit string) {
	w.text(name, strconv.FormatInt(n, 10), attr{"unitCode", unit})
}
