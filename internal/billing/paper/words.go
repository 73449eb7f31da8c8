package paper

import "codeberg.org/accolade/accolade/internal/billing"

// words are all that paper says by itself, in one language; what billing says is
// frozen with the invoice, or asked of its language. %s are filled in.
type words struct {
	invoice, creditNote, deposit string
	of                           string // title, date, client

	// The head.
	number, issued, period, due, contract  string
	corrected, reason                      string
	service, commitment                    string
	siret, siren, rna, vat, delivery       string
	credited, toPay, latest, dueBox, going string
	debitBox, earliest, noDue              string

	// The table and its totals.
	item, quantity, price, rate, amount  string
	hour, carried, brought               string
	lines, net, noVAT, exempt            string
	reverse, taxOn                       string
	total, totalFranchise, totalCredit   string
	depositOf, left                      string
	allowance, wholeLeft, partLeft, over string
	used, year, included                 string
	payment, byCredit, nothing, transfer string
	debit, mandate                       string
	reference, mentions                  string
	scan                                 [3]string
}

// wordsOf are the words of an invoice's language.
func wordsOf(l billing.Language) words {
	if l == billing.English {
		return english
	}
	return french
}

var french = words{
	invoice: "Facture", creditNote: "Avoir", deposit: "Facture d'acompte", of: "%s du %s, %s",
	number: "Numéro", issued: "Date d'émission", period: "Période", due: "Échéance", contract: "Contrat",
	corrected: "Facture corrigée|%s du %s", reason: "Motif", service: "Code service", commitment: "Nº d'engagement",
	siret: "SIRET du client", siren: "SIREN du client", rna: "RNA du client", vat: "TVA du client", delivery: "Lieu d'exécution",
	credited: "MONTANT DE L'AVOIR", toPay: "TOTAL À PAYER", latest: "au plus tard le %s", dueBox: "ÉCHÉANCE", going: "%s · %s, suite",
	debitBox: "PRÉLÈVEMENT", earliest: "le %s au plus tôt", noDue: "rien à payer",
	item: "DÉSIGNATION", quantity: "QUANTITÉ", price: "PRIX UNITAIRE HT", rate: "TVA", amount: "MONTANT HT", hour: "\u00a0/\u00a0h", carried: "À reporter", brought: "Report",
	lines: "Total des lignes", net: "Total HT", noVAT: "TVA non applicable", exempt: "Exonéré de TVA, sur %s", reverse: "TVA due par le client, sur %s", taxOn: "TVA %s sur %s",
	total: "Total TTC", totalFranchise: "Total à payer", totalCredit: "Total de l'avoir", depositOf: "Acompte %s", left: "Reste à payer",
	allowance: "Votre accompagnement", wholeLeft: "Vos %s d'accompagnement de l'année restent entières.",
	partLeft: "Sur vos %s d'accompagnement de l'année, %s ont été utilisées : il vous reste %s.",
	over:     "Vos %s d'accompagnement de l'année sont épuisées, et dépassées de %s.",
	used:     "Vos %s d'accompagnement de l'année sont épuisées.", year: " L'année de votre contrat va %s.",
	included: "Compris dans votre abonnement : %s, dont %s d'accompagnement par an.",
	payment:  "Règlement", byCredit: "Cet avoir est déduit de ce que vous nous devez ; il vous est remboursé s'il n'y a plus rien à payer.",
	nothing: "Rien à payer.", transfer: "Par virement, au plus tard le %s. Bénéficiaire : %s.",
	debit: "Par prélèvement SEPA, le %s au plus tôt, sur votre compte %s : vous n'avez rien à faire.", mandate: "Référence unique du mandat : %s · identifiant du créancier : %s", reference: "Référence à rappeler : %s", mentions: "Mentions légales",
	scan: [3]string{"Pour payer par virement,", "scannez ce code avec", "l'application de votre banque."},
}

var english = words{
	invoice: "Invoice", creditNote: "Credit note", deposit: "Deposit invoice", of: "%s of %s, %s",
	number: "Number", issued: "Date of issue", period: "Period", due: "Due date", contract: "Contract",
	corrected: "Corrects invoice|%s of %s", reason: "Reason", service: "Service code", commitment: "Commitment no.",
	siret: "Your SIRET", siren: "Your SIREN", rna: "Your RNA", vat: "Your VAT number", delivery: "Place of supply",
	credited: "AMOUNT OF THE CREDIT NOTE", toPay: "TOTAL DUE", latest: "by %s at the latest", dueBox: "DUE DATE", going: "%s · %s, continued",
	debitBox: "DIRECT DEBIT", earliest: "on %s at the earliest", noDue: "nothing to pay",
	item: "DESCRIPTION", quantity: "QUANTITY", price: "NET UNIT PRICE", rate: "VAT", amount: "NET AMOUNT", hour: "\u00a0/\u00a0h", carried: "Carried forward", brought: "Brought forward",
	lines: "Total of the lines", net: "Total excl. VAT", noVAT: "VAT not applicable", exempt: "Exempt from VAT, on %s", reverse: "VAT to be paid by the client, on %s", taxOn: "VAT %s on %s",
	total: "Total incl. VAT", totalFranchise: "Total due", totalCredit: "Total of the credit note", depositOf: "Deposit %s", left: "Left to pay",
	allowance: "Your accompaniment", wholeLeft: "All your %s of accompaniment for the year are left.",
	partLeft: "Of your %s of accompaniment for the year, %s have been used: %s are left.",
	over:     "Your %s of accompaniment for the year are used up, and exceeded by %s.",
	used:     "Your %s of accompaniment for the year are used up.", year: " The year of your contract runs from %s.",
	included: "Your subscription includes: %s, with %s of accompaniment a year.",
	payment:  "Payment", byCredit: "This credit note is taken off what you owe us; it is refunded if nothing is left to pay.",
	nothing: "Nothing to pay.", transfer: "By bank transfer, by %s at the latest. Payee: %s.",
	debit: "By SEPA direct debit, on %s at the earliest, from your account %s: there is nothing for you to do.", mandate: "Mandate reference: %s · creditor identifier: %s", reference: "Reference to quote: %s", mentions: "Legal notices",
	scan: [3]string{"To pay by transfer,", "scan this code with", "your bank's app."},
}
