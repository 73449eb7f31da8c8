package sepa

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// statements are the formats that are read.
var statements = []string{"camt.053.001.08", "camt.053.001.02", "camt.054.001.08"}

// MostStatement bounds a file, in bytes.
const MostStatement = 16 << 20

// Read reads a file of account statements (camt.053.001.02 or .08) or of notifications
// (camt.054.001.08). Only what the bank has booked counts; what is pending will come
// again. A statement whose movements do not lead from its opening to its closing
// balance is refused: something of it would be missing.
func Read(r io.Reader) ([]Statement, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MostStatement+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MostStatement {
		return nil, invalid("statement file", "of more than "+fmt.Sprint(MostStatement>>20)+" MB", "ask the bank for shorter periods")
	}
	var doc report
	dec := xml.NewDecoder(bytes.NewReader(raw))
	dec.CharsetReader = readCharset
	if err := dec.Decode(&doc); err != nil {
		if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
			return nil, invalid("statement file", fmt.Sprintf("at line %d", syntax.Line), "it is no XML: %s", shown(syntax.Msg))
		}
		if errors.Is(err, io.EOF) && len(bytes.TrimSpace(raw)) > 0 {
			return nil, invalid("statement file", "as given", "it is no XML; want one of %s", strings.Join(statements, ", "))
		}
		if errors.Is(err, io.EOF) {
			return nil, invalid("statement file", "", "it is empty; want one of %s", strings.Join(statements, ", "))
		}
		return nil, invalid("statement file", "as given", "%s; want one of %s", strings.Join(strings.Fields(err.Error()), " "), strings.Join(statements, ", "))
	}
	if err := doc.known(); err != nil {
		return nil, err
	}
	var all []Statement
	for _, x := range append(doc.Statements, doc.Notifications...) {
		s, err := x.statement()
		if err != nil {
			return nil, of("statement "+shown(x.ID), err)
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, invalid("statement file", "as given", "there is no statement in it")
	}
	return all, nil
}

func (d report) known() error {
	for _, f := range statements {
		if d.XMLName.Space == namespace+f {
			return nil
		}
	}
	got := strings.TrimPrefix(d.XMLName.Space, namespace)
	if got == "" {
		got = d.XMLName.Local
	}
	return invalid("statement file", "of the format "+got, "want one of %s", strings.Join(statements, ", "))
}

// readCharset reads what banks write beside UTF-8.
func readCharset(label string, in io.Reader) (io.Reader, error) {
	for name, m := range map[string]*charmap.Charmap{"iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15, "windows-1252": charmap.Windows1252} {
		if strings.EqualFold(label, name) {
			return m.NewDecoder().Reader(in), nil
		}
	}
	return nil, fmt.Errorf("the characters of %s are not read; want UTF-8", label)
}

func (x accountReport) statement() (Statement, error) {
	s := Statement{ID: x.ID, Account: spaceless(x.Account.IBAN), From: dayOf(x.From), To: dayOf(x.To), Movements: []Movement{}}
	if s.Account == "" {
		return s, invalid("account", "", "want the IBAN of the account")
	}
	if x.Account.Currency != "" && x.Account.Currency != "EUR" {
		return s, invalid("account", s.Account+" in "+x.Account.Currency, "only accounts in EUR are read")
	}
	for i, e := range x.Entries {
		if status := e.Status.Code + strings.TrimSpace(e.Status.Text); status != "BOOK" {
			s.Pending++
			continue
		}
		moved, err := e.movements(s.Account)
		if err != nil {
			return s, of(fmt.Sprintf("entry %d", i+1), err)
		}
		s.Movements = append(s.Movements, moved...)
	}
	s.name()
	for _, b := range x.Balances {
		amount, err := b.Amount.signed(b.Direction)
		if err != nil {
			return s, of("balance "+b.Code, err)
		}
		switch {
		case b.Code == "OPBD" || b.Code == "PRCD" && s.Opening == nil:
			s.Opening = &amount
		case b.Code == "CLBD":
			s.Closing = &amount
		}
	}
	if s.Opening != nil && s.Closing != nil && *s.Opening+s.Sum() != *s.Closing {
		return s, invalid("closing balance", *s.Closing, "the opening balance %s and the entries %s come to %s: the file is not whole", *s.Opening, s.Sum(), *s.Opening+s.Sum())
	}
	return s, nil
}

// movements takes an entry apart where its details come to its amount.
func (e entry) movements(account string) ([]Movement, error) {
	total, err := e.Amount.signed(e.Direction)
	if err != nil {
		return nil, err
	}
	whole := Movement{Account: account, Booked: dayOf(e.Booked.Day + e.Booked.Time), Value: dayOf(e.Value.Day + e.Value.Time), Amount: total, Reference: e.Reference, Text: words(e.Info), Batch: e.Batch}
	if whole.Booked.IsZero() {
		whole.Booked = whole.Value
	}
	if whole.Booked.IsZero() {
		return nil, invalid("booking date", "", "want the day on which the bank booked it")
	}
	if len(e.Details) == 0 {
		return []Movement{whole}, nil
	}
	var parts []Movement
	var sum money.Cents
	for _, d := range e.Details {
		m := whole
		d.fill(&m)
		if len(e.Details) > 1 {
			amount, ok := d.amount(e.Direction)
			if !ok {
				return []Movement{joined(whole, e.Details)}, nil
			}
			m.Amount, sum = amount, sum+amount
		}
		parts = append(parts, m)
	}
	if len(parts) > 1 && sum != total {
		return []Movement{joined(whole, e.Details)}, nil
	}
	return parts, nil
}

// joined is an entry that cannot be taken apart, with all that its details say.
func joined(m Movement, details []detail) Movement {
	texts := []string{}
	for _, d := range details {
		part := Movement{Amount: m.Amount}
		d.fill(&part)
		if m.Batch == "" {
			m.Batch = part.Batch
		}
		texts = append(texts, part.EndToEnd, part.Name, part.Text)
	}
	m.Text = words(append(texts, m.Text)...)
	return m
}

// fill puts what a detail says into a movement.
func (d detail) fill(m *Movement) {
	m.EndToEnd, m.Mandate = provided(d.EndToEnd), provided(d.Mandate)
	if b := provided(d.Batch); b != "" {
		m.Batch = b
	}
	if r := provided(d.Reference); r != "" {
		m.Reference = r
	}
	if d.Return != nil {
		m.Return = &Return{Code: d.Return.Code + d.Return.Own, Text: words(d.Return.Info...)}
	}
	side, account := d.Debtor, d.DebtorAccount
	if m.Amount < 0 && m.Return == nil { // a returned debit still names its debtor
		side, account = d.Creditor, d.CreditorAccount
	}
	m.Name, m.IBAN = words(side.Name, side.Party), spaceless(account)
	texts := append(append([]string{}, d.Text...), d.References...)
	m.Text = words(append(append(texts, d.Documents...), d.Info, m.Text)...)
}

// amount is a detail's own, in whole cents of euros.
func (d detail) amount(entry string) (money.Cents, bool) {
	direction := d.Direction
	if direction == "" {
		direction = entry
	}
	for _, a := range []*reported{d.Amount, d.Transaction, d.Instructed} {
		if a != nil {
			c, err := a.signed(direction)
			return c, err == nil
		}
	}
	return 0, false
}

// signed reads an amount; money that left is below zero.
func (a reported) signed(direction string) (money.Cents, error) {
	if a.Currency != "EUR" {
		return 0, invalid("amount", a.Value+" "+a.Currency, "only EUR is read")
	}
	whole, frac, _ := strings.Cut(strings.TrimSpace(a.Value), ".")
	frac = strings.TrimRight(frac, "0")
	if whole == "" || len(whole) > 11 || len(frac) > 2 || strings.Trim(whole+frac, digits) != "" {
		return 0, invalid("amount", a.Value, "want euros and whole cents, such as 299.52")
	}
	var n money.Cents
	for _, r := range whole + (frac + "00")[:2] {
		n = n*10 + money.Cents(r-'0')
	}
	switch direction {
	case "CRDT":
		return n, nil
	case "DBIT":
		return -n, nil
	}
	return 0, invalid("direction", direction, "want CRDT or DBIT")
}

// dayOf is the day of an ISO date or time, as the bank wrote it.
func dayOf(s string) calendar.Date {
	if s = strings.TrimSpace(s); len(s) > 10 {
		s = s[:10]
	}
	d, err := calendar.Parse(s)
	if err != nil {
		return calendar.Date{}
	}
	return d
}

// provided drops the words that banks write where there is nothing.
func provided(s string) string {
	s = strings.TrimSpace(s)
	if s == "NOTPROVIDED" || s == "NONREF" {
		return ""
	}
	return s
}

// words joins texts with single spaces.
func words(texts ...string) string {
	return strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
}
