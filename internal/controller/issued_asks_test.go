package controller

import "time"

// ask is one request. What its answer is called (id or number; of a list, the first) can be
// kept under a name, which stands as ${name} in later ones.
type ask struct {
	call    string // METHOD PATH
	body    string // JSON; anything else is a file
	refused string // by these words, because of what is issued; empty: it does what it says
	as      string // name to keep
	after   time.Duration
	slow    bool   // a machine is asked, which takes its time
	fails   bool   // the operation that it starts, or ends
	runs    bool   // the operation that it starts is not waited for
	mail    string // ID and state of a mail to be waited for before
}

// asks are requests to every route, in an order in which each fits. What is issued before
// is F2026-0001 to F2026-0004 (August and September of kerlann-1 and penmarch-1),
// FA2026-0001, A2026-0001 and A2026-0002. It is 20 November 2026.
var asks = []ask{
	// What an invoice was made of: clients, offers, contracts.
	{call: "POST /v1/clients", body: `{"name": "Roscoff", "kind": "school", "address": {"lines": ["2 quai"], "postcode": "56100", "city": "Lorient"}}`},
	{call: "PATCH /v1/clients/kerlann", body: `{"name": "Kerlann SAS", "address": {"lines": ["9 rue Neuve"], "postcode": "56000", "city": "Vannes"}, "kind": "business", "siren": "732829320", "language": "en"}`},
	{call: "POST /v1/clients/kerlann/contacts", body: `{"name": "Yann", "mail": "yann@kerlann.example", "roles": ["manager"]}`},
	{call: "PATCH /v1/clients/kerlann/contacts/Anne", body: `{"mail": "compta@kerlann.example"}`},
	{call: "POST /v1/clients/kerlann/firms", body: `{"name": "Imprimerie", "trade": "printers"}`},
	{call: "PATCH /v1/clients/kerlann/firms/Imprimerie", body: `{"phone": "02 97 00 00 00"}`},
	{call: "POST /v1/offers", body: `{"name": "copy", "title": "Copie", "price": "10", "unit": "employee", "term_months": 12, "included": "1h", "hour": "50"}`},
	{call: "PATCH /v1/offers/classic", body: `{"price": "49", "title": "Autre"}`},
	{call: "POST /v1/contracts", body: `{"client": "roscoff", "offer": "classic", "start": "2026-08-15", "employees": 4, "force": true}`},
	{call: "POST /v1/contracts/kerlann-1/headcounts", body: `{"employees": 9, "from": "2026-08-01", "replace": true, "force": true}`},
	{call: "POST /v1/contracts/kerlann-1/renewals", body: `{"from": "2027-08-01"}`},
	{call: "POST /v1/contracts/kerlann-1/papers", body: `{}`},
	{call: "POST /v1/contracts/kerlann-1/extras", body: `{"kind": "charge", "amount": "12", "text": "Câble", "month": "2026-08"}`, as: "extra"},
	{call: "POST /v1/contracts/kerlann-1/extras", body: `{"kind": "discount", "amount": "5", "text": "Panne", "month": "2026-08"}`},
	{call: "DELETE /v1/extras/${extra}"},
	{call: "POST /v1/contracts/kerlann-1/advances/preview", body: `{"amount": "10", "text": "Acompte"}`},
	{call: "POST /v1/contracts/kerlann-1/advances", body: `{"amount": "10", "text": "Acompte deux"}`},
	{call: "POST /v1/contracts/penmarch-1/end", body: `{"on": "2026-09-10", "early": "waive", "reason": "ferme"}`},
	{call: "PUT /v1/hardware/kiosk", body: `{"age": 12, "price": "900", "contracts": ["kerlann-1"], "from": "2026-08-01"}`},
	{call: "DELETE /v1/hardware/kiosk"},
	{call: "POST /v1/quotes", body: `{"prospect": {"name": "Brest", "kind": "school", "address": {"lines": ["3 quai"], "postcode": "29200", "city": "Brest"}}, "offer": "classic", "start": "2026-12-01", "employees": 2}`, as: "quote"},
	{call: "POST /v1/quotes/${quote}/accept", body: `{}`},
	{call: "POST /v1/quotes/import", body: `{"name": "q.yaml", "text": "client: kerlann\noffer: classic\nstart: 2026-12-01\nemployees: 2\n"}`, as: "quote"},
	{call: "POST /v1/quotes/${quote}/refuse", body: `{"reason": "trop cher"}`},
	{call: "POST /v1/quotes", body: `{"client": "penmarch", "offer": "classic", "start": "2026-12-01", "employees": 2}`, as: "quote"},
	{call: "POST /v1/quotes/${quote}/withdraw", body: `{"reason": "erreur"}`},

	// Hours, also of months that are issued.
	{call: "POST /v1/hours", body: `{"client": "kerlann", "kind": "training", "minutes": 90, "date": "2026-08-12", "technician": "anne"}`, as: "entry"},
	{call: "POST /v1/hours/entries/${entry}/correct", body: `{"minutes": 1320, "why": "oubli"}`},
	{call: "POST /v1/hours/import?name=h.csv", body: "date;client;kind;minutes;technician\n2026-09-02;kerlann;training;120;anne\n"},
	{call: "POST /v1/hours/kimai", body: `{"name": "k.csv", "data": "Date,From,To,Duration,User,Customer,Project,Activity,Description\n2026-09-10,09:00,10:30,1:30,anne,Mairie,Serveur,Formation,\n", "mapping_name": "m.yaml", "mapping": "users: {anne: anne}\ncustomers: {Mairie: kerlann}\nactivities: {Formation: training}\n"}`},
	{call: "POST /v1/hours/plans", body: `{"client": "kerlann", "kind": "training", "minutes": 60, "date": "2026-11-21", "at": "09:00", "technician": "anne"}`, as: "plan"},
	{call: "PATCH /v1/hours/plans/${plan}", body: `{"minutes": 30}`},
	{call: "POST /v1/hours/plans/${plan}/done", body: `{"date": "2026-09-30"}`},
	{call: "POST /v1/hours/plans", body: `{"client": "kerlann", "kind": "training", "minutes": 60, "date": "2026-11-21", "at": "09:00", "technician": "anne"}`, as: "plan"},
	{call: "POST /v1/hours/plans/${plan}/cancel", body: `{"why": "malade"}`},
	{call: "POST /v1/hours/timers", body: `{"client": "kerlann", "kind": "training", "technician": "anne"}`},
	{call: "POST /v1/hours/timers/stop", body: `{"technician": "anne", "discard": true}`},

	// The money of what is issued.
	{call: "POST /v1/payments", body: `{"invoices": ["F2026-0001"], "amount": 99999, "keep_rest": true}`, as: "payment"},
	{call: "POST /v1/payments/${payment}/use", body: `{"invoice": "F2026-0003"}`},
	{call: "POST /v1/payments/${payment}/undo", body: `{"reason": "erreur"}`},
	{call: "POST /v1/statements", body: bankStatement},
	{call: "GET /v1/movements?state=open", as: "movement"},
	{call: "POST /v1/movements/${movement}/confirm", body: `{"invoices": ["F2026-0002"], "keep_rest": true}`},
	{call: "GET /v1/movements?state=open", as: "movement"},
	{call: "POST /v1/movements/${movement}/ignore", body: `{"reason": "autre"}`},
	{call: "POST /v1/mandates", body: `{"client": "kerlann", "iban": "FR1420041010050500013M02606", "signed": "2026-08-01"}`},
	{call: "POST /v1/debits", body: `{"on": "2026-12-07"}`, as: "debit"},
	{call: "POST /v1/debits/${debit}/drop", body: `{"invoice": "F2026-0003", "reason": "AC04"}`},
	{call: "POST /v1/debits", body: `{"on": "2026-12-07"}`, as: "debit"},
	{call: "POST /v1/debits/${debit}/cancel", body: `{"reason": "erreur"}`},
	{call: "POST /v1/debits", body: `{"on": "2026-12-07"}`, as: "debit"},
	{call: "POST /v1/debits/${debit}/settle", body: `{}`, after: 17 * 24 * time.Hour},
	{call: "POST /v1/mandates/KERLANN-1/revoke", body: `{"reason": "part"}`},
	{call: "POST /v1/reminders/penmarch/sent"},
	{call: "POST /v1/receivables/reckon"},

	// The documents themselves.
	{call: "POST /v1/invoices/F2026-0003/credit/preview", body: `{"reason": "geste"}`},
	{call: "POST /v1/invoices/F2026-0003/credit", body: `{"reason": "faux", "replace": true}`},
	{call: "POST /v1/invoices/F2026-0003/credit", body: `{"reason": "encore"}`, refused: "nothing is left of invoice F2026-0003"},
	{call: "POST /v1/invoices/A2026-0001/credit", body: `{"reason": "encore"}`, refused: "is a credit note"},
	{call: "POST /v1/months/2026-09/finalise"},
	{call: "POST /v1/months/2026-07/finalise", refused: "lies before the first month"},
	{call: "POST /v1/clients/roscoff/contacts", body: `{"name": "Fanch", "mail": "fanch@roscoff.example", "roles": ["billing"]}`},
	{call: "POST /v1/months/2026-10/finalise", as: "finalised"},
	{call: "POST /v1/operations/${finalised}/retry", refused: "done"},
	{call: "POST /v1/operations/${finalised}/cancel", refused: "has ended already (done)"},
	{call: "POST /v1/invoices/F2026-0001/deposit", refused: "has no SIREN"},
	{call: "POST /v1/invoices/F2026-0005/deposit"},
	{call: "POST /v1/invoices/F2026-0005/deposit/answer", body: `{"state": "refused", "reason": "faux"}`},
	{call: "POST /v1/exports/2026-09/dolibarr", body: `{"invoices": "validated"}`},
	{call: "POST /v1/months/2026-09/send"},
	{call: "PATCH /v1/clients/kerlann/contacts/Anne", body: `{"mail": "doubt@kerlann.example"}`},
	{call: "POST /v1/mails", body: `{"numbers": ["F2026-0001", "A2026-0001"]}`},
	{call: "POST /v1/mails/M000003/sent", mail: "M000003 doubtful", body: `{}`},
	{call: "POST /v1/mails/M000003/bounced", body: `{"reason": "pleine"}`},
	{call: "POST /v1/mails/M000003/retry", body: `{"to": "autre@kerlann.example"}`},
	{call: "POST /v1/mails/M000004/resend", mail: "M000004 doubtful", body: `{}`},
	{call: "POST /v1/mails/M000004/sent", mail: "M000004 doubtful", body: `{}`},
	{call: "POST /v1/mails/M000004/bounced", body: `{"reason": "pleine"}`},
	{call: "POST /v1/mails/M000004/drop", body: `{"reason": "poste"}`},

	// Machines, whose accounts say how many are billed.
	{call: "POST /v1/sites", body: `{"name": "lorient", "address": "4 rue du Port, 56100 Lorient", "travel": "bike", "minutes": 10}`},
	{call: "PATCH /v1/sites/lorient", body: `{"minutes": 12}`},
	{call: "POST /v1/vaults", slow: true, body: `{"name": "central", "url": "${vault.url}", "fingerprint": "${vault.fingerprint}", "datastore": "${vault.datastore}", "token": "${vault.token}"}`},
	{call: "PATCH /v1/vaults/central", slow: true, body: `{"site": "lorient"}`},
	{call: "POST /v1/boxes/kiosk/plan", slow: true, body: `{"site": "lorient", "client": "kerlann", "url": "${box.url}", "fingerprint": "${box.fingerprint}", "credential": "${box.token}"}`},
	{call: "POST /v1/boxes/kiosk/enrol", slow: true, body: `{"site": "lorient", "client": "kerlann", "url": "${box.url}", "fingerprint": "${box.fingerprint}", "credential": "${box.token}"}`},
	{call: "POST /v1/boxes/kiosk/observe", slow: true},
	{call: "POST /v1/boxes/kiosk/key"},
	{call: "PATCH /v1/boxes/kiosk", body: `{"site": "lorient"}`},
	{call: "POST /v1/servers/plan", slow: true, body: newServer},
	{call: "POST /v1/servers", slow: true, body: newServer},
	{call: "POST /v1/servers/kerlann/password"},
	{call: "POST /v1/servers/kerlann/users", slow: true, body: `{"name": "u.csv", "text": "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\nanna;Anna;Kervella;;anna@kerlann.bzh;0;;;\nbruno;Bruno;Le Bihan;;bruno@kerlann.bzh;0;;;\n"}`},
	{call: "POST /v1/backups", slow: true, body: `{"server": "kerlann", "kind": "remote"}`},
	{call: "POST /v1/backups/restore", slow: true, body: `{"server": "kerlann", "as_new": true}`},
	{call: "POST /v1/backups", body: `{"server": "kerlann", "kind": "remote"}`, runs: true, as: "running"},
	{call: "POST /v1/operations/${running}/cancel", fails: true},
	{call: "POST /v1/operations/${running}/retry", slow: true},
	{call: "POST /v1/headcounts/check", slow: true},
	{call: "POST /v1/headcounts/kerlann-1/dismiss", body: `{"reason": "stagiaires"}`},
	{call: "PUT /v1/headcounts/kerlann-1/left-out", body: `{"accounts": ["anna"]}`},
	{call: "PUT /v1/headcounts/kerlann-1/group", body: `{}`},
	{call: "POST /v1/headcounts/check", slow: true},
	{call: "POST /v1/headcounts/kerlann-1/accept", body: `{}`},
	{call: "POST /v1/doctor", slow: true},
	{call: "POST /v1/config/reload"},
	{call: "POST /v1/tokens", body: `{"name": "yann", "role": "admin"}`},
	{call: "DELETE /v1/tokens/yann"},
}

const newServer = `{"client": "kerlann", "box": "kiosk", "admin": "camille", "admin_name": "Camille Le Goff", "blueprint": {"name": "b.yaml", "text": "size: {cores: 2, memory: 4G, disk: 32G}\nimage: {url: ${sandbox}/images/cloud/bookworm/20260901-2240/debian-12-genericcloud-amd64-20260901-2240.qcow2}\ndomain: kerlann.bzh\nreachable: {https: true, port80: true}\n"}}`

// bankStatement has a payment of F2026-0002, and something else.
const bankStatement = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-18T06:00:00Z</CreDtTm></GrpHdr><Stmt>
<Id>R1</Id><Acct><Id><IBAN>FR7630006000011234567890189</IBAN></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">190.40</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-18</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">140.40</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-05</Dt></BookgDt><BkTxCd/><AddtlNtryInf>F2026-0002</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-06</Dt></BookgDt><BkTxCd/><AddtlNtryInf>DIVERS</AddtlNtryInf></Ntry>
</Stmt></BkToCstmrStmt></Document>`
