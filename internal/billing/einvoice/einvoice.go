// Package einvoice writes invoices for machines: as the European standard EN 16931
// names their parts, in the two syntaxes that it allows, CII (what a Factur-X file
// carries) and UBL.
//
// Document is the standard's semantic model as far as we issue it; each field says
// its business term (BT-…, BG-…). Of makes one from a frozen invoice, with what the
// French rules (BR-FR-…) want. WriteCII and WriteUBL give bytes that depend on the
// document alone; ReadCII and ReadUBL read them back, and what they return is the
// document that was written. The package computes no amount: it states those that
// were frozen.
package einvoice

import (
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Document is an invoice or a credit note (BG-0). Empty fields are not written.
type Document struct {
	Number         string        // BT-1
	Issued         calendar.Date // BT-2
	Type           TypeCode      // BT-3
	TaxDue         TaxDue        // BT-8
	Due            calendar.Date // BT-9
	BuyerReference string        // BT-10: the service code of a public body
	Contract       string        // BT-12
	Order          string        // BT-13: the commitment number of a public body
	Terms          string        // BT-20
	Process        string        // BT-23
	Notes          []Note        // BG-1
	Preceding      []Preceding   // BG-3
	Seller, Buyer  Party         // BG-4, BG-7
	Delivered      calendar.Date // BT-72: when the service was given in full
	DeliverTo      *Address      // BG-15: where the service is given, if not at the buyer's
	From, To       calendar.Date // BG-14: the period of supply
	Payment        Payment       // BG-16
	Allowances     []Allowance   // BG-20
	Totals         Totals        // BG-22
	Taxes          []Tax         // BG-23
	Lines          []Line        // BG-25
}

// TypeCode is a code of UNTDID 1001.
type TypeCode string

// The types that we issue.
const (
	Invoice     TypeCode = "380"
	CreditNote  TypeCode = "381"
	Deposit     TypeCode = "386"
	DepositNote TypeCode = "503" // a credit note over a deposit invoice
)

// Credit tells of a type that takes back.
func (t TypeCode) Credit() bool { return t == CreditNote || t == DepositNote }

// TaxDue says when VAT falls due (BT-8): services owe it when they are paid, or by
// option when they are invoiced.
type TaxDue int

// When VAT falls due.
const (
	OnPayment TaxDue = iota
	OnIssue
)

// guideline is the specification that the XML follows (BT-24).
const guideline = "urn:cen.eu:en16931:2017"

// currency of all amounts (BT-5).
const currency = "EUR"

// Note is a text with the code of its subject (UNTDID 4451).
type Note struct {
	Subject string // BT-21
	Text    string // BT-22
}

// Preceding is an invoice that this one refers to.
type Preceding struct {
	Number string        // BT-25
	Issued calendar.Date // BT-26
}

// Party is the seller or the buyer.
type Party struct {
	Name      string // BT-27, BT-44
	ID        string // BT-29, BT-46: the SIRET
	Legal     string // BT-30, BT-47: the SIREN
	VAT       string // BT-31, BT-48
	Tax       string // BT-32: of a seller without VAT number
	LegalForm string // BT-33: legal form, capital, register
	Endpoint  Endpoint
	Address   Address // BG-5, BG-8
	Phone     string  // BT-42
	Mail      string  // BT-43
}

// Endpoint is an electronic address (BT-34, BT-49) and the scheme of its
// identifier: 0225 for the French directory, EM for mail.
type Endpoint struct{ Scheme, ID string }

// The schemes of identifiers.
const (
	schemeSIREN     = "0002"
	schemeSIRET     = "0009"
	schemeDirectory = "0225"
	schemeMail      = "EM"
)

// Address is a postal address.
type Address struct {
	Lines    [3]string // BT-35, 36, 162; BT-50, 51, 163; BT-75, 76, 165
	City     string    // BT-37, BT-52, BT-77
	PostCode string    // BT-38, BT-53, BT-78
	Country  string    // BT-40, BT-55, BT-80
}

// Payment says how to pay.
type Payment struct {
	Means     string // BT-81: 58 SEPA transfer, 59 SEPA direct debit (UNTDID 4461)
	Reference string // BT-83
	IBAN      string // BT-84
	Holder    string // BT-85
	BIC       string // BT-86
	Mandate   string // BT-89
	Creditor  string // BT-90
	Debtor    string // BT-91: the IBAN that is debited
}

// The means of payment.
const (
	transfer    = "58"
	directDebit = "59"
)

// Allowance is a discount on the whole document.
type Allowance struct {
	Amount   money.Cents // BT-92
	Category string      // BT-95
	Rate     money.Rate  // BT-96
	Reason   string      // BT-97
}

// Totals of the document.
type Totals struct {
	Lines      money.Cents // BT-106
	Allowances money.Cents // BT-107
	Net        money.Cents // BT-109
	Tax        money.Cents // BT-110
	Total      money.Cents // BT-112
	Prepaid    money.Cents // BT-113
	Payable    money.Cents // BT-115
}

// Tax of one category and rate.
type Tax struct {
	Net      money.Cents // BT-116
	Amount   money.Cents // BT-117
	Category string      // BT-118
	Rate     money.Rate  // BT-119
	Reason   string      // BT-120
	Code     string      // BT-121
}

// Line is one line.
type Line struct {
	ID       string          // BT-126
	Quantity int64           // BT-129
	Unit     string          // BT-130 (UN/ECE Recommendation 20 and 21)
	Net      money.Cents     // BT-131
	From, To calendar.Date   // BG-26
	Price    money.UnitPrice // BT-146, for Per units
	Per      int64           // BT-149
	Category string          // BT-151
	Rate     money.Rate      // BT-152
	Name     string          // BT-153
	Text     string          // BT-154
}

// outOfScope is the category of what VAT is not about.
const outOfScope = "O"

// The units of lines: a person, a minute, one.
const (
	unitPerson = "IE"
	unitMinute = "MIN"
	unitOne    = "C62"
)
