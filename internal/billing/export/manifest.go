package export

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/money"
)

// Manifest tells what an export holds. It has no date of its own: two exports of a
// period hold the same if their manifests are equal.
type Manifest struct {
	Period       string      `json:"period" example:"2026-09"`
	Format       Format      `json:"format" enum:"csv,xlsx,fec,journal"`
	DecimalComma bool        `json:"decimal_comma"`
	Seller       string      `json:"seller" doc:"SIREN"`
	Invoices     int         `json:"invoices"`
	CreditNotes  int         `json:"credit_notes"`
	Lines        int         `json:"lines"`
	Hours        int         `json:"hours" doc:"entries of the ledger that the period settled"`
	Minutes      int64       `json:"minutes" doc:"of these entries"`
	Entries      int         `json:"entries" doc:"of the journal"`
	FirstEntry   int         `json:"first_entry" doc:"its number; 0 without entries"`
	LastEntry    int         `json:"last_entry"`
	Net          money.Cents `json:"net_cents" doc:"invoices less credit notes"`
	VAT          money.Cents `json:"vat_cents"`
	Total        money.Cents `json:"total_cents"`
	Files        []Exported  `json:"files"`
}

// Exported is one file of an export.
type Exported struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Manifest counts, and writes each file to see its hash.
func (e *Export) Manifest() (Manifest, error) {
	m := Manifest{Period: e.Period.String(), Format: e.Format, DecimalComma: e.DecimalComma, Seller: e.books.SIREN, Files: []Exported{}}
	for d, err := range e.documents() {
		if err != nil {
			return m, err
		}
		m.count(d)
	}
	for entry, err := range e.hours() {
		if err != nil {
			return m, err
		}
		m.Hours++
		m.Minutes += int64(entry.Minutes)
	}
	for entry, err := range e.entries() {
		if err != nil {
			return m, err
		}
		if m.Entries++; m.Entries == 1 {
			m.FirstEntry = entry.Number
		}
		m.LastEntry = entry.Number
	}
	for _, name := range e.Files() {
		sum := NewSum()
		if err := e.Write(name, sum); err != nil {
			return m, err
		}
		m.Files = append(m.Files, sum.File(name))
	}
	return m, nil
}

func (m *Manifest) count(d books.Document) {
	if d.Kind == books.CreditNote {
		m.CreditNotes++
	} else {
		m.Invoices++
	}
	m.Lines += len(d.Lines)
	m.Net, m.VAT, m.Total = m.Net+d.Signed(d.Net), m.VAT+d.Signed(d.Tax), m.Total+d.Signed(d.Total)
}

// Replaces is a file of another manifest that this one's would take the place of, such as
// the FEC of a December and of its year, whose name the law gives: the closing date.
func (m Manifest) Replaces(others []Manifest) (file, of string, replaces bool) {
	for _, o := range others {
		for _, f := range o.Files {
			if o.Name() != m.Name() && slices.ContainsFunc(m.Files, func(x Exported) bool { return x.Name == f.Name && x != f }) {
				return f.Name, o.Period, true
			}
		}
	}
	return "", "", false
}

// Name is the file name of the manifest.
func (m Manifest) Name() string { return "manifest-" + m.Period + "-" + string(m.Format) + ".json" }

// Sum measures what is written to it.
type Sum struct {
	hash hash.Hash
	size int64
}

// NewSum begins a measure.
func NewSum() *Sum { return &Sum{hash: sha256.New()} }

// Write takes in a part.
func (s *Sum) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	return s.hash.Write(p)
}

// File is what was written, under a name.
func (s *Sum) File(name string) Exported {
	return Exported{name, s.size, hex.EncodeToString(s.hash.Sum(nil))}
}
