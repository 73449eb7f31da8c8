// Package facturx makes one file for humans and machines of an invoice: a PDF/A-3
// that carries the invoice's XML (Factur-X 1.0, profile EN 16931).
//
// It takes the drawn page and the written XML and joins them: attachment, metadata,
// output intent, document ID. It draws nothing, computes nothing, and the same
// inputs give the same bytes.
package facturx

import (
	"crypto/sha256"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/einvoice"
	"codeberg.org/accolade/accolade/internal/billing/paper"
)

// FileName is what the attachment is called, by the standard.
const FileName = "factur-x.xml"

// Render draws an invoice, and attaches it as XML.
func Render(inv billing.Invoice) ([]byte, error) {
	xml, err := XML(inv)
	if err != nil {
		return nil, err
	}
	page, err := paper.Render(inv)
	if err != nil {
		return nil, err
	}
	return Join(page, xml, About{
		Title: paper.Title(inv), Author: inv.Seller.Name, Subject: paper.Subject(inv),
		Language: paper.Language(inv), Made: paper.Day(inv.Date),
	})
}

// XML is the invoice for machines, as it is attached.
func XML(inv billing.Invoice) ([]byte, error) {
	d, err := einvoice.Of(inv)
	if err != nil {
		return nil, err
	}
	return einvoice.WriteCII(d), nil
}

// About is what the file says of itself, in its information dictionary and, equal, in
// its metadata.
type About struct {
	Title, Author, Subject string
	Language               string // BCP 47: `fr-FR`
	Made                   time.Time
}

// program is who made the file.
const program = "Accolade"

// Join makes a Factur-X file of a PDF and an XML. The PDF must be one that this
// project draws: with a classic cross-reference table and all fonts embedded.
func Join(pdf, xml []byte, about About) ([]byte, error) {
	f, err := open(pdf)
	if err != nil {
		return nil, fmt.Errorf("join PDF and XML: %w", err)
	}
	f.pack()
	id := sha256.New()
	id.Write(pdf)
	id.Write(xml)

	file := f.add(packed(fmt.Sprintf("/Type /EmbeddedFile /Subtype /text#2Fxml /Params << /Size %d /ModDate %s >>", len(xml), date(about.Made)), xml))
	spec := f.add(fmt.Appendf(nil, "<< /Type /Filespec /F (%s) /UF (%s) /AFRelationship /Data /Desc (Factur-X) /EF << /F %d 0 R /UF %d 0 R >> >>", FileName, FileName, file, file))
	meta := f.add(stream("/Type /Metadata /Subtype /XML", metadata(about)))
	profile := f.add(profileStream())
	f.replace(f.info, fmt.Appendf(nil, "<< /Title %s /Author %s /Subject %s /Creator %s /Producer %s /CreationDate %s /ModDate %s >>",
		text(about.Title), text(about.Author), text(about.Subject), text(program), text(program), date(about.Made), date(about.Made)))
	f.replace(f.root, fmt.Appendf(nil, "<< /Type /Catalog /Pages %s /Lang (%s) /Metadata %d 0 R /AF [%d 0 R] /Names << /EmbeddedFiles << /Names [(%s) %d 0 R] >> >>"+
		" /OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1) /DestOutputProfile %d 0 R >>] >>",
		f.pages, about.Language, meta, spec, FileName, spec, profile))
	return f.bytes(id.Sum(nil)[:16]), nil
}
