// Package fec writes and checks the Fichier des écritures comptables, the form in
// which French tax auditors, and the software of accountants, take entries (article
// A47 A-1 du Livre des procédures fiscales, VII and VIII).
//
// Fields are separated by tabs and records by line ends; after the last record stands
// none, for that would begin an empty one. Dates are AAAAMMJJ, amounts have a decimal
// comma and no separator of thousands, text is UTF-8 without a byte-order mark. The
// package decides nothing about accounts; entries come from package books.
package fec

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// Columns are the fields in the order and spelling of the article.
var Columns = []string{"JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib", "PieceRef",
	"PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise"}

const separator, lineEnd = "\t", "\r\n"

// Name is the name of the file of a period that ends on a day: `732829320FEC20260930.txt`.
func Name(siren string, closing calendar.Date) string {
	return strings.ReplaceAll(siren, " ", "") + "FEC" + date(closing) + ".txt"
}

// Write writes entries, one record for each of their postings.
func Write(w io.Writer, entries iter.Seq2[books.Entry, error]) error {
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(strings.Join(Columns, separator)); err != nil {
		return err
	}
	for e, err := range entries {
		if err != nil {
			return err
		}
		for _, p := range e.Lines {
			record := []string{e.Journal.Number, e.Journal.Name, strconv.Itoa(e.Number), date(e.Date), p.Account.Number, p.Account.Name, p.Client, p.ClientName,
				e.Document, date(e.Date), e.Text, amount(p.Debit), amount(p.Credit), "", "", date(e.Closed), "", ""}
			for i := range record {
				record[i] = books.Plain(record[i])
			}
			if _, err := out.WriteString(lineEnd + strings.Join(record, separator)); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func date(d calendar.Date) string { return fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day) }

func amount(c money.Cents) string { return strings.Replace(c.Decimal(), ".", ",", 1) }
