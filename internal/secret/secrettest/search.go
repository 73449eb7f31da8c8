package secrettest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"iter"
	"strings"
	"unicode"
)

// shortest is the least length of a text that is looked for.
const shortest = 8

// needles are the texts looked for. All are found in one pass: eight bytes at a time
// are looked up in a small filter, and what passes it is compared.
type needles struct {
	filter [1 << 14]uint64 // one bit for each value of hash
	begins map[uint64][]needle
}

type needle struct{ text, form, secret, origin string }

func hash(window uint64) (word, bit uint64) {
	h := window * 0x9E3779B97F4A7C15 >> 44 // 20 bits
	return h >> 6, h & 63
}

// add takes a secret with its parts and forms. It answers false if all of them are too
// short to look for.
func (n *needles) add(text, origin string, open map[string]bool) (added bool) {
	if n.begins == nil {
		n.begins = map[uint64][]needle{}
	}
	for _, part := range parts(text) {
		if len(part) < shortest || open[part] {
			continue
		}
		added = true
		for form, written := range forms(part) {
			w := window(written[:shortest])
			word, bit := hash(w)
			n.filter[word] |= 1 << bit
			n.begins[w] = append(n.begins[w], needle{written, form, text, origin})
		}
	}
	return added
}

func window(text string) (w uint64) {
	for i := range shortest {
		w = w<<8 | uint64(text[i])
	}
	return w
}

// hit is a needle in a text.
type hit struct {
	needle
	at int
}

func (n *needles) search(text []byte) (hits []hit) {
	var w uint64
	for i, b := range text {
		w = w<<8 | uint64(b)
		word, bit := hash(w)
		if n.filter[word]&(1<<bit) == 0 || i < shortest-1 {
			continue
		}
		at := i - shortest + 1
		for _, one := range n.begins[w] {
			if bytes.HasPrefix(text[at:], []byte(one.text)) {
				hits = append(hits, hit{one, at})
			}
		}
	}
	return hits
}

// finds turns hits in a text into what a reader may see: one for each secret, and what
// stands around it with every secret masked.
func finds(name string, text []byte, hits []hit) (list []Find) {
	if len(hits) == 0 {
		return nil
	}
	masked := bytes.Clone(text)
	for _, h := range hits {
		for i := range h.text {
			masked[h.at+i] = '*'
		}
	}
	seen := map[string]bool{}
	for _, h := range hits {
		if seen[h.secret] {
			continue
		}
		seen[h.secret] = true
		const reach = 40
		around := masked[max(0, h.at-reach):min(len(masked), h.at+len(h.text)+reach)]
		list = append(list, Find{Secret: h.origin, Form: h.form, Source: name, Around: strings.Map(printable, string(bytes.ToValidUTF8(around, []byte("."))))})
	}
	return list
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '.'
}

// unbroken takes out line breaks, also those written as \n: encoders wrap base64.
func unbroken(text []byte) []byte {
	if !bytes.ContainsAny(text, "\r\n") && !bytes.Contains(text, []byte(`\n`)) {
		return text
	}
	text = bytes.ReplaceAll(text, []byte("\r"), nil)
	text = bytes.ReplaceAll(text, []byte(`\n`), nil)
	return bytes.ReplaceAll(text, []byte("\n"), nil)
}

// largest bounds what one packed stream may hold.
const largest = 64 << 20

// unpacked yields a text, and what is packed inside of it.
func unpacked(name string, text []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) { unpack(name, text, yield) }
}

func unpack(name string, text []byte, yield func(string, []byte) bool) bool {
	if !yield(name, text) {
		return false
	}
	inner := func(what string, r io.Reader, err error) bool {
		if err != nil {
			return true // it only looked like one
		}
		content, err := io.ReadAll(io.LimitReader(r, largest))
		if err != nil && len(content) == 0 {
			return true
		}
		return unpack(name+", "+what, content, yield)
	}
	switch {
	case bytes.HasPrefix(text, []byte{0x1f, 0x8b}):
		r, err := gzip.NewReader(bytes.NewReader(text))
		return inner("unpacked", r, err)
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return true
		}
		for _, f := range z.File {
			r, err := f.Open()
			if !inner(f.Name, r, err) {
				return false
			}
		}
	case bytes.HasPrefix(text, []byte("%PDF")):
		for rest := text; ; {
			_, after, found := bytes.Cut(rest, []byte("stream"))
			if !found {
				return true
			}
			rest = after
			r, err := zlib.NewReader(bytes.NewReader(bytes.TrimLeft(after, "\r\n")))
			if !inner("a stream", r, err) {
				return false
			}
		}
	}
	return true
}
