package sepa

import "encoding/xml"

// The elements of camt.053 and camt.054 that are read. Where the versions differ, both
// places are looked at: `Sts` is a text or holds `Cd`, a party is named at once or within
// `Pty`, a detail's amount stands in `Amt` or in `AmtDtls`.

type report struct {
	XMLName       xml.Name        `xml:"Document"`
	Statements    []accountReport `xml:"BkToCstmrStmt>Stmt"`
	Notifications []accountReport `xml:"BkToCstmrDbtCdtNtfctn>Ntfctn"`
}

type accountReport struct {
	ID      string `xml:"Id"`
	From    string `xml:"FrToDt>FrDtTm"`
	To      string `xml:"FrToDt>ToDtTm"`
	Account struct {
		IBAN     string `xml:"Id>IBAN"`
		Currency string `xml:"Ccy"`
	} `xml:"Acct"`
	Balances []balance `xml:"Bal"`
	Entries  []entry   `xml:"Ntry"`
}

type balance struct {
	Code      string   `xml:"Tp>CdOrPrtry>Cd"`
	Amount    reported `xml:"Amt"`
	Direction string   `xml:"CdtDbtInd"`
}

type reported struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type moment struct {
	Day  string `xml:"Dt"`
	Time string `xml:"DtTm"`
}

type entry struct {
	Amount    reported `xml:"Amt"`
	Direction string   `xml:"CdtDbtInd"`
	Status    struct {
		Text string `xml:",chardata"`
		Code string `xml:"Cd"`
	} `xml:"Sts"`
	Booked    moment   `xml:"BookgDt"`
	Value     moment   `xml:"ValDt"`
	Reference string   `xml:"AcctSvcrRef"`
	Batch     string   `xml:"NtryDtls>Btch>PmtInfId"`
	Details   []detail `xml:"NtryDtls>TxDtls"`
	Info      string   `xml:"AddtlNtryInf"`
}

type detail struct {
	Reference       string    `xml:"Refs>AcctSvcrRef"`
	Batch           string    `xml:"Refs>PmtInfId"`
	EndToEnd        string    `xml:"Refs>EndToEndId"`
	Mandate         string    `xml:"Refs>MndtId"`
	Amount          *reported `xml:"Amt"`
	Direction       string    `xml:"CdtDbtInd"`
	Transaction     *reported `xml:"AmtDtls>TxAmt>Amt"`
	Instructed      *reported `xml:"AmtDtls>InstdAmt>Amt"`
	Debtor          side      `xml:"RltdPties>Dbtr"`
	DebtorAccount   string    `xml:"RltdPties>DbtrAcct>Id>IBAN"`
	Creditor        side      `xml:"RltdPties>Cdtr"`
	CreditorAccount string    `xml:"RltdPties>CdtrAcct>Id>IBAN"`
	Text            []string  `xml:"RmtInf>Ustrd"`
	References      []string  `xml:"RmtInf>Strd>CdtrRefInf>Ref"`
	Documents       []string  `xml:"RmtInf>Strd>RfrdDocInf>Nb"`
	Info            string    `xml:"AddtlTxInf"`
	Return          *struct {
		Code string   `xml:"Rsn>Cd"`
		Own  string   `xml:"Rsn>Prtry"`
		Info []string `xml:"AddtlInf"`
	} `xml:"RtrInf"`
}

type side struct {
	Name  string `xml:"Nm"`
	Party string `xml:"Pty>Nm"`
}
