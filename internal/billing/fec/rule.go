package fec

import (
	"fmt"
	"strings"
)

// Rule is one of the things that the article wants, or that follow from it.
type Rule string

// The rules of a file.
const (
	Encoding   Rule = "encoding"   // UTF-8, ASCII or ISO 8859-15, without a byte-order mark or control characters
	Header     Rule = "header"     // the names of the columns, in their order
	EmptyLine  Rule = "empty-line" // no record is empty, the last one neither
	Fields     Rule = "fields"     // as many as the header
	Required   Rule = "required"   // what is never blank
	DateForm   Rule = "date"       // AAAAMMJJ, and a day that there is
	AccountNo  Rule = "account"    // the first three characters are digits of the plan comptable
	AmountForm Rule = "amount"     // decimal comma, no point, no separator of thousands
	OneSide    Rule = "one-side"   // an amount is a debit or a credit; the other is 0,00
	Sequence   Rule = "sequence"   // entry numbers run without a gap, an entry's records stand together
	OneEntry   Rule = "one-entry"  // the records of an entry share journal, dates and document
	Balance    Rule = "balance"    // debits are credits, entry by entry
	Order      Rule = "order"      // entries stand in the order of their validation
	Lettering  Rule = "lettering"  // EcritureLet and DateLet, both or neither
	Currency   Rule = "currency"   // Montantdevise and Idevise, both or neither
	FileName   Rule = "file-name"  // SIRENFECAAAAMMJJ.txt
)

// Fault is where a file breaks a rule.
type Fault struct {
	Line   int    // of the file, from 1; the header is line 1
	Column string // "" where the fault is not one column's
	Rule   Rule
	Why    string
}

func (f *Fault) Error() string {
	at := fmt.Sprintf("line %d", f.Line)
	if f.Column != "" {
		at += ", " + f.Column
	}
	return fmt.Sprintf("%s: %s (%s)", at, f.Why, f.Rule)
}

// Faults are the first ones of a file, in order.
type Faults []*Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}
