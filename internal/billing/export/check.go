package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/fec"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/billing/xlsx"
	"codeberg.org/accolade/accolade/internal/support"
)

// Manifests reads the manifests in a folder.
func Manifests(folder string) ([]Manifest, error) {
	names, err := filepath.Glob(filepath.Join(folder, "manifest-*.json"))
	if err != nil {
		return nil, err
	}
	var all []Manifest
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var m Manifest
		in := json.NewDecoder(bytes.NewReader(b))
		in.DisallowUnknownFields()
		if err := in.Decode(&m); err != nil {
			return nil, fmt.Errorf("%s is no manifest: %w", name, err)
		}
		if m.Name() != filepath.Base(name) {
			return nil, fmt.Errorf("%s is no manifest: what it holds is called %s", name, m.Name())
		}
		all = append(all, m)
	}
	return all, nil
}

// Check looks whether the files in a folder are those of a manifest: by their hashes,
// and by reading them and counting again.
func (m Manifest) Check(folder string) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, f := range m.Files {
		if err := f.check(root.FS()); err != nil {
			return err
		}
	}
	got := m
	switch m.Format {
	case CSV:
		err = got.readCSV(root.FS())
	case XLSX:
		err = got.readXLSX(root.FS())
	case FEC:
		err = got.readFEC(root.FS())
	default:
		return nil // the journal is for people; the FEC has its entries
	}
	if err == nil && !reflect.DeepEqual(m, got) {
		err = fmt.Errorf("the files come to %s, the manifest says %s", got.counts(), m.counts())
	}
	return err
}

func (m Manifest) counts() string {
	return fmt.Sprintf("%d invoices, %d credit notes, %d lines, %d entries of hours, %d of the journal over %s + %s = %s", m.Invoices, m.CreditNotes, m.Lines, m.Hours, m.Entries, m.Net, m.VAT, m.Total)
}

// check compares a file's hash.
func (f Exported) check(folder fs.FS) (err error) {
	in, err := folder.Open(f.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	sum := NewSum()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	if got := sum.File(f.Name); got != f {
		return fmt.Errorf("%s was changed: %d bytes with SHA-256 %s, the manifest says %d with %s", f.Name, got.Bytes, got.SHA256, f.Bytes, f.SHA256)
	}
	return nil
}

// tables are where rows come from.
type tables func(sheet.Table) iter.Seq2[sheet.Row, error]

func (m *Manifest) readCSV(folder fs.FS) (err error) {
	return m.read(func(t sheet.Table) iter.Seq2[sheet.Row, error] {
		return func(yield func(sheet.Row, error) bool) {
			in, err := folder.Open(csvName(t, m.Period))
			if err != nil {
				yield(nil, err)
				return
			}
			for row, err := range sheet.ReadCSV(in, t) {
				if !yield(row, err) {
					break
				}
			}
			if err := in.Close(); err != nil {
				yield(nil, err)
			}
		}
	})
}

func (m *Manifest) readXLSX(folder fs.FS) (err error) {
	in, err := folder.Open(m.Files[0].Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	book, err := xlsx.Read(in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	return m.read(book.Rows)
}

// read counts anew what tables hold.
func (m *Manifest) read(from tables) error {
	docs, err := sheet.Documents(from(sheet.Invoices), from(sheet.Lines), from(sheet.VAT))
	if err != nil {
		return err
	}
	hours, err := sheet.Entries(from(sheet.Hours))
	if err != nil {
		return err
	}
	m.recount(docs, hours)
	return nil
}

func (m *Manifest) recount(docs []books.Document, hours []support.Entry) {
	m.Invoices, m.CreditNotes, m.Lines, m.Net, m.VAT, m.Total = 0, 0, 0, 0, 0, 0
	for _, d := range docs {
		m.count(d)
	}
	m.Hours, m.Minutes = len(hours), 0
	for _, e := range hours {
		m.Minutes += int64(e.Minutes)
	}
}

func (m *Manifest) readFEC(folder fs.FS) (err error) {
	if err := fec.CheckName(m.Files[0].Name); err != nil {
		return err
	}
	in, err := folder.Open(m.Files[0].Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	count, err := fec.Check(in)
	m.Entries, m.FirstEntry, m.LastEntry = count.Entries, count.First, count.Last
	return err
}
