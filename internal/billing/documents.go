package billing

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/store"
)

// Document is the paper of an invoice: a file named by its SHA-256.
type Document struct {
	Number string    `json:"number"`
	SHA256 string    `json:"sha256"`
	Size   int64     `json:"size"`
	At     time.Time `json:"at"`
}

// documents are added once and never changed.
var documents = store.NewCollection[Document]("document", 1)

// Document makes sure that the paper of an invoice lies in the folder, and returns
// what is known of it. The paper is rendered from what was frozen, so it may be
// rendered again after a crash or a lost file: to the same bytes.
func (s *Service) Document(number string) (Document, error) {
	var inv Invoice
	var known *Document
	err := s.DB.View(func(tx store.Tx) error {
		var err error
		if inv, err = archive.get(tx, number); err != nil {
			return err
		}
		doc, err := documents.Get(tx, number)
		switch {
		case err == nil:
			known = &doc
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return nil
	})
	if err != nil {
		return Document{}, err
	}
	if known != nil && s.intact(*known) {
		return *known, nil
	}
	paper, err := s.Render(inv)
	if err != nil {
		return Document{}, fmt.Errorf("invoice %s: render: %w", number, err)
	}
	doc := Document{Number: number, SHA256: hashOf(paper), Size: int64(len(paper)), At: s.Clock.Now()}
	if known != nil && known.SHA256 != doc.SHA256 {
		return Document{}, fmt.Errorf("invoice %s: its file %s is missing or damaged, and this program renders other bytes; bring the file back from a backup", number, s.path(*known))
	}
	if err := writeFile(s.path(doc), paper); err != nil {
		return Document{}, fmt.Errorf("invoice %s: %w", number, err)
	}
	if known != nil {
		return *known, nil
	}
	err = s.DB.Update(func(tx store.Tx) error {
		err := documents.Insert(tx, number, doc)
		if errors.Is(err, store.ErrExists) { // another call was faster
			doc, err = documents.Get(tx, number)
		}
		return err
	})
	return doc, err
}

// Paper is the PDF of an invoice.
func (s *Service) Paper(number string) ([]byte, error) {
	doc, err := s.Document(number)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(s.path(doc))
	if err == nil && hashOf(b) != doc.SHA256 {
		err = fmt.Errorf("invoice %s: the file %s changed while it was read", number, s.path(doc))
	}
	return b, err
}

// Paper of all invoices of a month.
func (s *Service) MonthDocuments(m calendar.Month) ([]Document, error) {
	invoices, err := s.Invoices(m)
	if err != nil {
		return nil, err
	}
	var docs []Document
	for _, inv := range invoices {
		doc, err := s.Document(inv.Number)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

func (s *Service) path(d Document) string { return filepath.Join(s.Documents, d.SHA256+".pdf") }

// intact reports whether the file holds what it is named after.
func (s *Service) intact(d Document) bool {
	b, err := os.ReadFile(s.path(d))
	return err == nil && hashOf(b) == d.SHA256
}

// writeFile writes a file so that after a crash it is there in full or not at all:
// a temporary file is flushed, renamed, and the folder flushed.
func writeFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if rm := os.Remove(f.Name()); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
			err = errors.Join(err, rm)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
