package platform

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// Finding is a rule that an invoice breaks, by its official name.
type Finding struct{ Rule, Why string }

func (f Finding) String() string { return f.Rule + ": " + f.Why }

// Check holds an invoice (CII, profile EN 16931) against what platforms check before they
// take a file: the French rules on invoices of flow 2 (BR-FR-…, all that can meet
// a document of one seller), and of EN 16931 what has to be there (BR-…) and add up (BR-CO-…,
// BR-S-08 and its like). Names, conditions and lists of codes are those of the official
// Schematron; order of elements and the longer code lists are for its schema.
func Check(invoice []byte) ([]Finding, error) {
	root, err := parse(invoice)
	if err != nil {
		return nil, err
	}
	if root.name != "CrossIndustryInvoice" {
		return nil, fmt.Errorf("the root element is %s, not CrossIndustryInvoice", root.name)
	}
	trade := root.one("SupplyChainTradeTransaction")
	c := &check{
		head: root.one("ExchangedDocument"), trade: trade, agreement: trade.one("ApplicableHeaderTradeAgreement"), settlement: trade.one("ApplicableHeaderTradeSettlement"),
		process: root.say("ExchangedDocumentContext/BusinessProcessSpecifiedDocumentContextParameter/ID"),
	}
	c.sums = c.settlement.one("SpecifiedTradeSettlementHeaderMonetarySummation")
	c.want("BR-01", root.say("ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID") != "", "the specification (BT-24) is missing")
	c.mandatory()
	c.identifiers()
	c.notes()
	c.party("SellerTradeParty", "BT-29", "BT-30", "BT-34")
	c.party("BuyerTradeParty", "BT-46", "BT-47", "BT-49")
	c.business()
	c.taxes()
	c.decimals(root)
	c.amounts()
	return c.found, nil
}

// check is one in the making.
type check struct {
	head, trade, agreement, settlement, sums *element
	process                                  string
	found                                    []Finding
}

// want notes a rule that does not hold.
func (c *check) want(rule string, holds bool, why string, args ...any) {
	if !holds {
		c.found = append(c.found, Finding{rule, fmt.Sprintf(why, args...)})
	}
}

func (c *check) mandatory() {
	lines := c.trade.all("IncludedSupplyChainTradeLineItem")
	for _, m := range []struct {
		rule, what string
		there      bool
	}{
		{"BR-02", "the number (BT-1)", c.head.say("ID") != ""},
		{"BR-03", "the date of issue (BT-2)", c.head.say("IssueDateTime/DateTimeString") != ""},
		{"BR-04", "the type (BT-3)", c.head.say("TypeCode") != ""},
		{"BR-05", "the currency (BT-5)", c.settlement.say("InvoiceCurrencyCode") != ""},
		{"BR-06", "the seller's name (BT-27)", c.agreement.say("SellerTradeParty/Name") != ""},
		{"BR-07", "the buyer's name (BT-44)", c.agreement.say("BuyerTradeParty/Name") != ""},
		{"BR-09", "the seller's country (BT-40)", c.agreement.say("SellerTradeParty/PostalTradeAddress/CountryID") != ""},
		{"BR-11", "the buyer's country (BT-55)", c.agreement.say("BuyerTradeParty/PostalTradeAddress/CountryID") != ""},
		{"BR-12", "the sum of the lines (BT-106)", c.sums.say("LineTotalAmount") != ""},
		{"BR-13", "the total before tax (BT-109)", c.sums.say("TaxBasisTotalAmount") != ""},
		{"BR-14", "the total with tax (BT-112)", c.sums.say("GrandTotalAmount") != ""},
		{"BR-15", "what is due (BT-115)", c.sums.say("DuePayableAmount") != ""},
		{"BR-16", "a line (BG-25)", len(lines) > 0},
		{"BR-CO-18", "the tax per category (BG-23)", len(c.settlement.all("ApplicableTradeTax")) > 0},
	} {
		c.want(m.rule, m.there, "%s is missing", m.what)
	}
	for _, l := range lines {
		id := l.say("AssociatedDocumentLineDocument/LineID")
		c.want("BR-21", id != "", "a line has no identifier (BT-126)")
		c.want("BR-22", l.say("SpecifiedLineTradeDelivery/BilledQuantity") != "", "line %s has no quantity (BT-129)", id)
		c.want("BR-24", l.say("SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount") != "", "line %s has no amount (BT-131)", id)
		c.want("BR-25", l.say("SpecifiedTradeProduct/Name") != "", "line %s has no name (BT-153)", id)
		c.want("BR-26", l.say("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount") != "", "line %s has no price (BT-146)", id)
	}
}

var (
	idForm     = regexp.MustCompile(`^[A-Za-z0-9+\-_/]+$`)
	dayForm    = regexp.MustCompile(`^20\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$`)
	sirenForm  = regexp.MustCompile(`^\d{9}$`)
	siretForm  = regexp.MustCompile(`^\d{14}$`)
	schemeForm = regexp.MustCompile(`^[A-Za-z0-9+\-_.]+$`)

	typeCodes  = strings.Fields("380 389 393 501 386 500 384 471 472 473 261 262 381 396 502 503")
	processes  = strings.Fields("B1 S1 M1 B2 S2 M2 S3 B4 S4 M4 S5 S6 B7 S7 B8 S8 M8 B9 S9 M9")
	treatments = strings.Fields("B2B B2BINT B2C B2CINT OUTOFSCOPE ARCHIVEONLY")
	categories = strings.Fields("S E AE K G O Z")
	rates      = strings.Fields("0 0.0 0.00 10 10.0 10.00 13 13.0 13.00 20 20.0 20.00 8.5 8.50 19.6 19.60 2.1 2.10 5.5 5.50 7 7.0 7.00 20.6 20.60 1.05 0.9 0.90 1.75 9.2 9.20 9.6 9.60")
	buyersOwn  = strings.Fields("389 501 500 471 473 261 502") // invoices that the buyer writes
)

func (c *check) identifiers() {
	ids := map[string]*element{"BT-1": c.head.one("ID")}
	for _, r := range c.settlement.all("InvoiceReferencedDocument/IssuerAssignedID") {
		ids["BT-25"] = r
	}
	for term, e := range ids {
		c.want("BR-FR-01_"+term, len([]rune(e.text)) <= 35, "the number %q has more than 35 characters", e.text)
		c.want("BR-FR-02_"+term, idForm.MatchString(e.text), "the number %q has other characters than A-Z a-z 0-9 + - _ /", e.text)
	}
	for _, d := range []struct {
		term string
		at   []*element
	}{
		{"BT-2", c.head.all("IssueDateTime/DateTimeString")},
		{"BT-9", c.settlement.all("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString")},
		{"BT-26", c.settlement.all("InvoiceReferencedDocument/FormattedIssueDateTime/DateTimeString")},
		{"BT-72", c.trade.all("ApplicableHeaderTradeDelivery/ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString")},
		{"BT-73", c.settlement.all("BillingSpecifiedPeriod/StartDateTime/DateTimeString")},
		{"BT-74", c.settlement.all("BillingSpecifiedPeriod/EndDateTime/DateTimeString")},
	} {
		for _, e := range d.at {
			c.want("BR-FR-03_"+d.term, dayForm.MatchString(e.text), "%q is no date of the years 2000 to 2099", e.text)
		}
	}
	kind := c.head.say("TypeCode")
	c.want("BR-FR-04_BT-3", slices.Contains(typeCodes, kind), "type %q is not allowed", kind)
	c.want("BR-FR-08_BT-23", slices.Contains(processes, c.process), "the process %q is not allowed", c.process)
	if slices.Contains([]string{"261", "381", "396", "502", "503"}, kind) {
		ok := false
		for _, r := range c.settlement.all("InvoiceReferencedDocument") {
			ok = ok || r.say("IssuerAssignedID") != "" && r.say("FormattedIssueDateTime/DateTimeString") != ""
		}
		c.want("BR-FR-CO-05_BT-3", ok, "a credit note names no invoice with its date (BG-3)")
	}
	due := c.settlement.say("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString")
	c.want("BR-FR-CO-07_BT-9", due == "" || slices.Contains([]string{"386", "500", "503"}, kind) || due >= c.head.say("IssueDateTime/DateTimeString"), "it is due before it is issued")
}

// notes: what the law wants to be read is in notes with a subject, each once.
func (c *check) notes() {
	count := map[string]int{}
	for _, n := range c.head.all("IncludedNote") {
		subject := n.say("SubjectCode")
		count[subject]++
		if subject == "BAR" {
			c.want("BR-FR-20_BT-21", slices.Contains(treatments, n.say("Content")), "the treatment %q is not allowed", n.say("Content"))
		}
	}
	for subject, what := range map[string]string{"PMT": "recovery costs", "PMD": "late-payment penalties", "AAB": "the discount for early payment"} {
		c.want("BR-FR-05_BT-22_"+subject, count[subject] > 0, "the note on %s is missing", what)
		c.want("BR-FR-06_BT-21_"+subject, count[subject] < 2, "there are %d notes on %s", count[subject], what)
	}
	c.want("BR-FR-31_BT-21", count["BAR"] < 2, "there are %d notes on the treatment", count["BAR"])
}

func (c *check) party(who, siretTerm, sirenTerm, addressTerm string) {
	p := c.agreement.one(who)
	siren, siret, address := p.say("SpecifiedLegalOrganization/ID", "0002"), p.say("GlobalID", "0009"), p.one("URIUniversalCommunication/URIID")
	c.want("BR-FR-09_"+siretTerm, siret == "" || siretForm.MatchString(siret) && strings.HasPrefix(siret, siren), "SIRET %q does not begin with SIREN %q", siret, siren)
	c.want("BR-FR-32-LEGALID", siren == "" || sirenForm.MatchString(siren), "%q is no SIREN (%s)", siren, sirenTerm)
	if address.attrs["schemeID"] == "0225" {
		c.want("BR-FR-23_"+addressTerm, schemeForm.MatchString(address.text), "the electronic address %q has other characters", address.text)
	}
	c.want("BR-FR-25_"+addressTerm, len(address.text) <= 125, "the electronic address has more than 125 characters")
	rule := map[string]string{"BT-34": "BR-FR-13_BT-34", "BT-49": "BR-FR-12_BT-49"}[addressTerm]
	c.want(rule, address.text != "", "the electronic address (%s) is missing", addressTerm)
}

// business: what holds between businesses.
func (c *check) business() {
	seller, buyer := c.agreement.one("SellerTradeParty"), c.agreement.one("BuyerTradeParty")
	c.want("BR-FR-10_BT-30", sirenForm.MatchString(seller.say("SpecifiedLegalOrganization/ID", "0002")), "the seller's SIREN is missing")
	b2b := slices.ContainsFunc(c.head.all("IncludedNote"), func(n *element) bool { return n.say("SubjectCode") == "BAR" && n.say("Content") == "B2B" })
	if !b2b {
		return
	}
	c.want("BR-FR-11_BT-47", sirenForm.MatchString(buyer.say("SpecifiedLegalOrganization/ID", "0002")), "the buyer's SIREN is missing")
	rule, receiver := "BR-FR-21_BT-49", buyer
	if slices.Contains(buyersOwn, c.head.say("TypeCode")) {
		rule, receiver = "BR-FR-22_BT-34", seller
	}
	siren, address := receiver.say("SpecifiedLegalOrganization/ID"), receiver.one("URIUniversalCommunication/URIID")
	c.want(rule, strings.HasPrefix(address.text, siren) && address.attrs["schemeID"] == "0225", "the electronic address %q is not one of SIREN %s in the directory (scheme 0225)", address.text, siren)
}

func (c *check) taxes() {
	for _, at := range []struct {
		category, rate string
		all            []*element
	}{
		{"BR-FR-15_BT-95_BT-102", "BR-FR-16_BT-96_BT-103", c.settlement.all("SpecifiedTradeAllowanceCharge/CategoryTradeTax")},
		{"BR-FR-15_BT-95_BT-118", "BR-FR-16_BT-119", c.settlement.all("ApplicableTradeTax")},
		{"BR-FR-15_BT-95_BT-151", "BR-FR-16_BT-152", c.trade.all("IncludedSupplyChainTradeLineItem/SpecifiedLineTradeSettlement/ApplicableTradeTax")},
	} {
		for _, t := range at.all {
			category, rate := t.say("CategoryCode"), t.say("RateApplicablePercent")
			c.want(at.category, slices.Contains(categories, category), "the VAT category %q is not allowed", category)
			c.want(at.rate, rate == "" || slices.Contains(rates, rate), "%s %% is no rate of French VAT", rate)
		}
	}
}

// Forms of numbers; the dot does not count among their 19 (of rates 4) characters.
var (
	amountForm   = regexp.MustCompile(`^-?\d{1,19}(\.\d{1,2})?$`)
	quantityForm = regexp.MustCompile(`^-?\d{1,19}(\.\d{1,4})?$`)
	priceForm    = regexp.MustCompile(`^\d{1,19}(\.\d{1,6})?$`)
	rateForm     = regexp.MustCompile(`^\d{1,4}(\.\d{1,2})?$`)
)

func (c *check) decimals(root *element) {
	for name, is := range map[string]struct {
		rule string
		form *regexp.Regexp
		most int
	}{
		"LineTotalAmount": {"BR-FR-DEC-01", amountForm, 19}, "TaxBasisTotalAmount": {"BR-FR-DEC-01", amountForm, 19}, "TaxTotalAmount": {"BR-FR-DEC-01", amountForm, 19},
		"GrandTotalAmount": {"BR-FR-DEC-01", amountForm, 19}, "DuePayableAmount": {"BR-FR-DEC-01", amountForm, 19}, "TotalPrepaidAmount": {"BR-FR-DEC-01", amountForm, 19},
		"BasisAmount": {"BR-FR-DEC-01", amountForm, 19}, "CalculatedAmount": {"BR-FR-DEC-01", amountForm, 19}, "AllowanceTotalAmount": {"BR-FR-DEC-01", amountForm, 19}, "ActualAmount": {"BR-FR-DEC-01", amountForm, 19},
		"BilledQuantity": {"BR-FR-DEC-02_BT-129", quantityForm, 19}, "BasisQuantity": {"BR-FR-DEC-02_BT-149", quantityForm, 19},
		"ChargeAmount": {"BR-FR-DEC-03_BT-146", priceForm, 19}, "RateApplicablePercent": {"BR-FR-DEC-04", rateForm, 4},
	} {
		for _, e := range root.below(name) {
			c.want(is.rule, is.form.MatchString(e.text) && len(strings.ReplaceAll(e.text, ".", "")) <= is.most, "%s %q has not the form of a number", name, e.text)
		}
	}
}

// amounts: sums are those of the lines, and tax is that of its rate.
func (c *check) amounts() {
	lines := new(big.Rat)
	byGroup := map[[2]string]*big.Rat{}
	add := func(category, rate string, x *big.Rat) {
		key := [2]string{category, number(rate).RatString()}
		if byGroup[key] == nil {
			byGroup[key] = new(big.Rat)
		}
		byGroup[key].Add(byGroup[key], x)
	}
	for _, l := range c.trade.all("IncludedSupplyChainTradeLineItem/SpecifiedLineTradeSettlement") {
		net := number(l.say("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"))
		lines.Add(lines, net)
		add(l.say("ApplicableTradeTax/CategoryCode"), l.say("ApplicableTradeTax/RateApplicablePercent"), net)
	}
	allowances := new(big.Rat)
	for _, a := range c.settlement.all("SpecifiedTradeAllowanceCharge") {
		amount := number(a.say("ActualAmount"))
		allowances.Add(allowances, amount)
		add(a.say("CategoryTradeTax/CategoryCode"), a.say("CategoryTradeTax/RateApplicablePercent"), new(big.Rat).Neg(amount))
	}
	tax := new(big.Rat)
	for _, t := range c.settlement.all("ApplicableTradeTax") {
		category, rate, basis, amount := t.say("CategoryCode"), t.say("RateApplicablePercent"), number(t.say("BasisAmount")), number(t.say("CalculatedAmount"))
		tax.Add(tax, amount)
		sum := byGroup[[2]string{category, number(rate).RatString()}]
		c.want("BR-"+category+"-08", sum != nil && sum.Cmp(basis) == 0, "the basis %s of %s %s %% is not the sum of its lines", t.say("BasisAmount"), category, rate)
		exact := new(big.Rat).Mul(basis, new(big.Rat).Quo(number(rate), big.NewRat(100, 1)))
		off := new(big.Rat).Sub(exact, amount)
		c.want("BR-CO-17", off.Abs(off).Cmp(big.NewRat(1, 1)) < 0, "the tax %s is not %s %% of %s", t.say("CalculatedAmount"), rate, t.say("BasisAmount"))
	}
	sum := func(name string) *big.Rat { return number(c.sums.say(name)) }
	is := func(rule, what string, got, want *big.Rat) {
		c.want(rule, got.Cmp(want) == 0, "%s is %s, and should be %s", what, got.FloatString(2), want.FloatString(2))
	}
	net, total := new(big.Rat).Sub(sum("LineTotalAmount"), sum("AllowanceTotalAmount")), new(big.Rat).Add(sum("TaxBasisTotalAmount"), sum("TaxTotalAmount"))
	is("BR-CO-10", "the sum of the lines", sum("LineTotalAmount"), lines)
	is("BR-CO-11", "the sum of the discounts", sum("AllowanceTotalAmount"), allowances)
	is("BR-CO-13", "the total before tax", sum("TaxBasisTotalAmount"), net)
	is("BR-CO-14", "the tax", sum("TaxTotalAmount"), tax)
	is("BR-CO-15", "the total with tax", sum("GrandTotalAmount"), total)
	is("BR-CO-16", "what is due", sum("DuePayableAmount"), new(big.Rat).Sub(sum("GrandTotalAmount"), sum("TotalPrepaidAmount")))
}

// number reads a number; what is none counts as 0, for another rule says so.
func number(s string) *big.Rat {
	if n, ok := new(big.Rat).SetString(s); ok {
		return n
	}
	return new(big.Rat)
}
