package facturx

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
)

// ErrNoXML is returned for a PDF that carries no invoice for machines.
var ErrNoXML = errors.New("the PDF carries no invoice as XML (factur-x.xml)")

// mostXML bounds the XML of an invoice in bytes: what unpacks to more is no invoice.
const mostXML = 16 << 20

var (
	streamStart = regexp.MustCompile(`>>[\x00\t\n\f\r ]*stream\r?\n`)
	endStream   = []byte("endstream")
)

// Extract is the invoice as XML that a Factur-X or ZUGFeRD file carries, of any producer: the
// attachment whose root is CrossIndustryInvoice. A stream never lies within another
// object, so the attachments are found without reading the file's tables; a file that is
// encrypted shows none.
func Extract(pdf []byte) ([]byte, error) {
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return nil, errors.New("this is no PDF")
	}
	for at := 0; ; {
		m := streamStart.FindIndex(pdf[at:])
		if m == nil {
			return nil, ErrNoXML
		}
		start, content := at+m[0], at+m[1]
		head := pdf[at:start]
		if i := bytes.LastIndex(head, []byte("obj")); i >= 0 {
			head = head[i:]
		}
		at = content
		if !bytes.Contains(head, []byte("/EmbeddedFile")) && !bytes.Contains(head, []byte("xml")) {
			continue
		}
		if found := unpacked(head, pdf[content:]); isInvoice(found) {
			return found, nil
		}
	}
}

// unpacked is the content of a stream; nil if it is packed in a way that attachments are not.
func unpacked(head, rest []byte) []byte {
	if !bytes.Contains(head, []byte("/FlateDecode")) {
		raw, _, ok := bytes.Cut(rest, endStream)
		if !ok || bytes.Contains(head, []byte("/Filter")) {
			return nil
		}
		if cut, ok := bytes.CutSuffix(raw, []byte("\r\n")); ok {
			return cut
		}
		return bytes.TrimSuffix(raw, []byte("\n"))
	}
	z, err := zlib.NewReader(bytes.NewReader(rest))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, mostXML+1))
	if err != nil || len(out) > mostXML {
		return nil
	}
	return out
}

// isInvoice looks at the root element alone.
func isInvoice(b []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if start, ok := t.(xml.StartElement); ok {
			return start.Name.Local == "CrossIndustryInvoice"
		}
	}
}
