package billing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
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
	doc, fresh, err := s.ensure(number)
	if err != nil || !fresh {
		return doc, err
	}
	docs := []Document{doc}
	err = s.note(docs)
	return docs[0], err
}

// ensure has the paper of an invoice lie in the folder; fresh tells that the store
// does not know of it yet.
func (s *Service) ensure(number string) (doc Document, fresh bool, err error) {
	var inv Invoice
	var hash string // of its XML
	var known *Document
	err = s.DB.View(func(tx store.Tx) error {
		var err error
		if inv, hash, err = archive.withXML(tx, number); err != nil {
			return err
		}
		if inv.Seller, err = Letterhead(tx, inv.Seller); err != nil {
			return fmt.Errorf("invoice %s: %w", number, err)
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
		return Document{}, false, err
	}
	if known != nil && s.intact(*known) {
		return *known, false, nil
	}
	if err := s.sameXML(inv, hash); err != nil {
		return Document{}, false, err
	}
	paper, err := s.render(inv)
	if err != nil {
		return Document{}, false, fmt.Errorf("invoice %s: render: %w", number, err)
	}
	doc = Document{Number: number, SHA256: hashOf(paper), Size: int64(len(paper)), At: s.Clock.Now()}
	if known != nil && known.SHA256 != doc.SHA256 {
		return Document{}, false, fmt.Errorf("invoice %s: its file %s is missing or damaged, and this program renders other bytes; bring the file back from a backup", number, s.path(*known))
	}
	if err := wholefile.WriteUnflushed(s.Disk, s.path(doc), func(w io.Writer) error { _, err := w.Write(paper); return err }); err != nil {
		return Document{}, false, fmt.Errorf("invoice %s: %w", number, err)
	}
	if known != nil {
		return *known, false, s.Disk.SyncFolder(s.Documents)
	}
	return doc, true, nil
}

// sameXML refuses to make a file whose XML is not the one that was frozen.
func (s *Service) sameXML(inv Invoice, hash string) error {
	if s.XML == nil || hash == "" {
		return nil
	}
	xml, err := s.XML(inv)
	if err != nil {
		return fmt.Errorf("invoice %s: %w", inv.Number, err)
	}
	if got := hashOf(xml); got != hash {
		return fmt.Errorf("invoice %s: this program writes its XML as %s, frozen was %s; use the version that finalised it, or bring the file back from a backup", inv.Number, got, hash)
	}
	return nil
}

// ForMachines is an invoice as its file carries it (CII), with the hash that was frozen.
func (s *Service) ForMachines(number string) ([]byte, error) {
	var inv Invoice
	var hash string
	if err := s.DB.View(func(tx store.Tx) (err error) {
		inv, hash, err = archive.withXML(tx, number)
		return err
	}); err != nil {
		return nil, err
	}
	if err := s.sameXML(inv, hash); err != nil {
		return nil, err
	}
	return s.XML(inv)
}

// render draws a document, as many at a time as there are processors: each takes some
// megabytes while it is drawn, and drawing more of them at once is no faster. Files
// are written more at a time, since these wait for the disk.
func (s *Service) render(inv Invoice) ([]byte, error) {
	s.drawing <- struct{}{}
	defer func() { <-s.drawing }()
	return s.Render(inv)
}

// note keeps papers that lie in the folder. Where another call was faster, what it
// kept comes back in docs.
func (s *Service) note(docs []Document) error {
	if err := s.Disk.SyncFolder(s.Documents); err != nil {
		return fmt.Errorf("documents: %w", err)
	}
	return s.DB.Update(func(tx store.Tx) error {
		for i, doc := range docs {
			err := documents.Insert(tx, doc.Number, doc)
			if errors.Is(err, store.ErrExists) {
				docs[i], err = documents.Get(tx, doc.Number)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
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

const (
	// documentsAtOnce are written side by side: most of them wait for the disk.
	documentsAtOnce = 16
	// documentsNoted are noted in one transaction, after one flush of their folder. A
	// paper counts from then on; whoever dies before renders it again, to the same bytes.
	documentsNoted = 256
)

// MonthDocuments has the papers of all invoices of a month lie in the folder. each is
// told of every one, in the order of the numbers.
func (s *Service) MonthDocuments(ctx context.Context, m calendar.Month, each func(doc Document, part, of int)) error {
	numbers, err := s.numbers(m)
	if err != nil {
		return err
	}
	done := 0
	for batch := range slices.Chunk(numbers, documentsNoted) {
		docs, err := s.ensureAll(ctx, batch)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			done++
			each(doc, done, len(numbers))
		}
	}
	return nil
}

// ensureAll is Document for several, side by side.
func (s *Service) ensureAll(ctx context.Context, numbers []string) ([]Document, error) {
	docs, fresh := make([]Document, len(numbers)), make([]bool, len(numbers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.Writers)
	for i, number := range numbers {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			docs[i], fresh[i], err = s.ensure(number)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var news []Document
	for i, doc := range docs {
		if fresh[i] {
			news = append(news, doc)
		}
	}
	if len(news) == 0 {
		return docs, nil
	}
	if err := s.note(news); err != nil {
		return nil, err
	}
	for i := range docs {
		if fresh[i] {
			docs[i], news = news[0], news[1:]
		}
	}
	return docs, nil
}

func (s *Service) path(d Document) string { return filepath.Join(s.Documents, d.SHA256+".pdf") }

// intact reports whether the file holds what it is named after.
func (s *Service) intact(d Document) bool {
	b, err := os.ReadFile(s.path(d))
	return err == nil && hashOf(b) == d.SHA256
}
