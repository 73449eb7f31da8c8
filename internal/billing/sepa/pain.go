package sepa

import (
	"bytes"
	"encoding/xml"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// Format is a version of the direct-debit order.
type Format string

// The versions that are written.
const (
	Pain00800108 Format = "pain.008.001.08" // the scheme's since 2023
	Pain00800102 Format = "pain.008.001.02" // older banks
)

// Formats are all of them, the present one first.
var Formats = []Format{Pain00800108, Pain00800102}

const namespace = "urn:iso:std:iso:20022:tech:xsd:"

// Write makes the file for the bank: one PmtInf per day and sequence type. The order is
// checked and tidied before; the same order gives the same bytes.
func (o Order) Write(f Format) ([]byte, error) {
	if !slices.Contains(Formats, f) {
		return nil, invalid("format", f, "want %s or %s", Pain00800108, Pain00800102)
	}
	o, err := o.Tidy()
	if err != nil {
		return nil, err
	}
	doc := document{Xmlns: namespace + string(f), Initiation: initiation{Header: header{
		ID: o.ID, Created: o.Created.In(calendar.Paris()).Format("2006-01-02T15:04:05"), Count: len(o.Debits), Sum: o.Sum().Decimal(), Initiator: party{Name: o.Creditor.Name},
	}}}
	for _, b := range o.Batches() {
		doc.Initiation.Batches = append(doc.Initiation.Batches, o.batch(f, b))
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	enc := xml.NewEncoder(&out)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (o Order) batch(f Format, b Batch) batch {
	c := o.Creditor
	x := batch{
		ID: b.ID, Method: "DD", Book: true, Count: len(b.Debits), Sum: b.Sum.Decimal(),
		Type: paymentType{Level: "SEPA", Instrument: "CORE", Sequence: b.Sequence},
		On:   b.On.String(), Creditor: party{Name: c.Name}, Account: account{c.IBAN, "EUR"}, Agent: agentOf(f, c.BIC), Charges: "SLEV",
		Scheme: scheme{ID: c.ICS, Name: "SEPA"},
	}
	for _, d := range b.Debits {
		x.Debits = append(x.Debits, debit{
			EndToEnd: d.Invoice, Amount: amount{"EUR", d.Amount.Decimal()},
			Mandate: mandate{d.Mandate.ID, d.Mandate.Signed.String()}, Agent: agentOf(f, d.Mandate.BIC),
			Debtor: party{Name: d.Mandate.Debtor}, Account: account{IBAN: d.Mandate.IBAN}, Text: d.remittance(),
		})
	}
	return x
}

// agentOf names a bank by its BIC: the element is called otherwise in each version. The
// IBAN alone is enough where there is none.
func agentOf(f Format, bic string) agent {
	switch {
	case bic == "":
		return agent{Other: &other{"NOTPROVIDED"}}
	case f == Pain00800102:
		return agent{BIC: bic}
	}
	return agent{BICFI: bic}
}

// The elements that both versions share, in the order of their schemas.

type document struct {
	XMLName    xml.Name   `xml:"Document"`
	Xmlns      string     `xml:"xmlns,attr"`
	Initiation initiation `xml:"CstmrDrctDbtInitn"`
}

type initiation struct {
	Header  header  `xml:"GrpHdr"`
	Batches []batch `xml:"PmtInf"`
}

type header struct {
	ID        string `xml:"MsgId"`
	Created   string `xml:"CreDtTm"`
	Count     int    `xml:"NbOfTxs"`
	Sum       string `xml:"CtrlSum"`
	Initiator party  `xml:"InitgPty"`
}

type batch struct {
	ID       string      `xml:"PmtInfId"`
	Method   string      `xml:"PmtMtd"`
	Book     bool        `xml:"BtchBookg"`
	Count    int         `xml:"NbOfTxs"`
	Sum      string      `xml:"CtrlSum"`
	Type     paymentType `xml:"PmtTpInf"`
	On       string      `xml:"ReqdColltnDt"`
	Creditor party       `xml:"Cdtr"`
	Account  account     `xml:"CdtrAcct"`
	Agent    agent       `xml:"CdtrAgt"`
	Charges  string      `xml:"ChrgBr"`
	Scheme   scheme      `xml:"CdtrSchmeId"`
	Debits   []debit     `xml:"DrctDbtTxInf"`
}

type paymentType struct {
	Level      string   `xml:"SvcLvl>Cd"`
	Instrument string   `xml:"LclInstrm>Cd"`
	Sequence   Sequence `xml:"SeqTp"`
}

type party struct {
	Name string `xml:"Nm"`
}

type account struct {
	IBAN     string `xml:"Id>IBAN"`
	Currency string `xml:"Ccy,omitempty"`
}

type agent struct {
	BICFI string `xml:"FinInstnId>BICFI,omitempty"`
	BIC   string `xml:"FinInstnId>BIC,omitempty"`
	Other *other `xml:"FinInstnId>Othr"`
}

type other struct {
	ID string `xml:"Id"`
}

type scheme struct {
	ID   string `xml:"Id>PrvtId>Othr>Id"`
	Name string `xml:"Id>PrvtId>Othr>SchmeNm>Prtry"`
}

type debit struct {
	EndToEnd string  `xml:"PmtId>EndToEndId"`
	Amount   amount  `xml:"InstdAmt"`
	Mandate  mandate `xml:"DrctDbtTx>MndtRltdInf"`
	Agent    agent   `xml:"DbtrAgt"`
	Debtor   party   `xml:"Dbtr"`
	Account  account `xml:"DbtrAcct"`
	Text     string  `xml:"RmtInf>Ustrd"`
}

type amount struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type mandate struct {
	ID     string `xml:"MndtId"`
	Signed string `xml:"DtOfSgntr"`
}
