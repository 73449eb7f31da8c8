package facturx

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"
)

// file is a PDF taken apart into its objects.
type file struct {
	objects    [][]byte // by number less one: what stands between obj and endobj
	root, info int
	pages      string // the catalog's reference to the page tree
}

var (
	sizeEntry  = regexp.MustCompile(`/Size (\d+)`)
	rootEntry  = regexp.MustCompile(`/Root (\d+) 0 R`)
	infoEntry  = regexp.MustCompile(`/Info (\d+) 0 R`)
	pagesEntry = regexp.MustCompile(`/Pages (\d+ 0 R)`)
	startEntry = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)
)

// open takes a PDF of one revision with a classic cross-reference table apart.
func open(pdf []byte) (*file, error) {
	start := startEntry.FindSubmatch(pdf)
	if start == nil {
		return nil, errors.New("the PDF does not end with startxref and %%EOF")
	}
	at, err := strconv.Atoi(string(start[1]))
	if err != nil || at >= len(pdf) || !bytes.HasPrefix(pdf[at:], []byte("xref\n")) {
		return nil, errors.New("the PDF has no cross-reference table where it says so")
	}
	table, trailer, ok := bytes.Cut(pdf[at:], []byte("trailer"))
	if !ok || bytes.Contains(trailer, []byte("/Prev")) || bytes.Contains(trailer, []byte("/Encrypt")) {
		return nil, errors.New("the PDF has several revisions or is encrypted")
	}
	size, err := entry(sizeEntry, trailer)
	if err != nil {
		return nil, err
	}
	f := &file{objects: make([][]byte, size-1)}
	if f.root, err = entry(rootEntry, trailer); err != nil {
		return nil, err
	}
	if f.info, err = entry(infoEntry, trailer); err != nil {
		return nil, err
	}
	rows := bytes.Split(bytes.TrimSpace(table), []byte("\n"))[2:] // xref, its range
	if len(rows) != size || f.root >= size || f.info >= size {
		return nil, fmt.Errorf("the cross-reference table has %d rows for %d objects", len(rows), size)
	}
	for n := 1; n < size; n++ {
		if f.objects[n-1], err = object(pdf[:at], rows[n], n); err != nil {
			return nil, err
		}
	}
	pages := pagesEntry.FindSubmatch(f.objects[f.root-1])
	if pages == nil {
		return nil, errors.New("the catalog names no pages")
	}
	f.pages = string(pages[1])
	return f, nil
}

func entry(pattern *regexp.Regexp, trailer []byte) (int, error) {
	m := pattern.FindSubmatch(trailer)
	if m == nil {
		return 0, fmt.Errorf("the trailer has no %s", pattern)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil || n < 1 || n > 1<<20 {
		return 0, fmt.Errorf("the trailer's %s is out of range", m[0])
	}
	return n, nil
}

// object cuts one object out, by its row in the table.
func object(pdf, row []byte, n int) ([]byte, error) {
	offset, _, _ := bytes.Cut(row, []byte(" "))
	at, err := strconv.Atoi(string(offset))
	if err != nil || at < 0 || at >= len(pdf) {
		return nil, fmt.Errorf("object %d lies outside the file", n)
	}
	body, ok := bytes.CutPrefix(pdf[at:], fmt.Appendf(nil, "%d 0 obj\n", n))
	if !ok {
		return nil, fmt.Errorf("object %d is not where the table says", n)
	}
	end, err := end(body)
	if err != nil {
		return nil, fmt.Errorf("object %d: %w", n, err)
	}
	return body[:end], nil
}

// pack packs the streams that are not.
func (f *file) pack() {
	for i, body := range f.objects {
		entries, rest, ok := bytes.Cut(body, []byte(">>\nstream\n"))
		m := lengthEntry.FindSubmatchIndex(entries)
		if !ok || m == nil || bytes.Contains(entries, []byte("/Filter")) {
			continue
		}
		entries = bytes.TrimPrefix(append(entries[:m[0]:m[0]], entries[m[1]:]...), []byte("<<"))
		f.objects[i] = packed(string(entries), bytes.TrimSuffix(rest, []byte("\nendstream")))
	}
}

var lengthEntry = regexp.MustCompile(`/Length (\d+)`)

// end is where an object ends; a stream is as long as it says, whatever it holds.
func end(body []byte) (int, error) {
	skip := 0
	dict := bytes.Index(body, []byte("endobj"))
	if s := bytes.Index(body, []byte("\nstream\n")); s >= 0 && (dict < 0 || s < dict) {
		m := lengthEntry.FindSubmatch(body[:s])
		if m == nil {
			return 0, errors.New("a stream without length")
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil || n > len(body)-s {
			return 0, errors.New("a stream longer than the file")
		}
		skip = s + len("\nstream\n") + n
	}
	i := bytes.Index(body[skip:], []byte("\nendobj"))
	if i < 0 {
		return 0, errors.New("no end")
	}
	return skip + i, nil
}

// add appends an object and returns its number.
func (f *file) add(body []byte) int {
	f.objects = append(f.objects, body)
	return len(f.objects)
}

func (f *file) replace(n int, body []byte) { f.objects[n-1] = body }

// bytes puts the file together. The comment after the header tells programs that
// the file is binary (ISO 19005-3, 6.1.2).
func (f *file) bytes(id []byte) []byte {
	size := 512 // header and trailer
	for _, body := range f.objects {
		size += len(body) + 64 // its frame, and its row in the table
	}
	var b bytes.Buffer
	b.Grow(size)
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(f.objects))
	for i, body := range f.objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n", i+1)
		b.Write(body)
		b.WriteString("\nendobj\n")
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(f.objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	hexID := hex.EncodeToString(id)
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>] >>\nstartxref\n%d\n%%%%EOF\n", len(f.objects)+1, f.root, f.info, hexID, hexID, start)
	return b.Bytes()
}

// stream makes a stream object of a dictionary's entries and its content as it is.
func stream(entries string, content []byte) []byte {
	b := make([]byte, 0, len(entries)+len(content)+64)
	b = fmt.Appendf(b, "<< %s /Length %d >>\nstream\n", entries, len(content))
	return append(append(b, content...), "\nendstream"...)
}

// packers are at rest between streams: to make one takes longer than to pack an invoice.
// The fastest level makes a file larger by one part in fifty.
var packers = sync.Pool{New: func() any {
	w, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed) // the level exists
	return w
}}

// packed is stream, compressed. Metadata is not, so that programs which know no PDF
// can find it.
func packed(entries string, content []byte) []byte {
	var z bytes.Buffer
	w := packers.Get().(*zlib.Writer)
	w.Reset(&z)
	_, _ = w.Write(content) // a buffer takes all
	_ = w.Close()
	packers.Put(w)
	return stream(entries+" /Filter /FlateDecode", z.Bytes())
}

// text is a text string in UTF-16 with byte order mark, as hexadecimal.
func text(s string) string {
	out := "<FEFF"
	for _, u := range utf16.Encode([]rune(s)) {
		out += fmt.Sprintf("%04X", u)
	}
	return out + ">"
}

// date is a PDF date in UTC.
func date(t time.Time) string { return t.UTC().Format("(D:20060102150405Z)") }
