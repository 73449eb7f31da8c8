package facturx_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// TestWidths: ISO 19005-3, 6.2.11.5: the widths that the document states are those of the
// embedded fonts, to a thousandth; and 6.2.11.8: no character that it can show is the
// glyph .notdef.
func TestWidths(t *testing.T) {
	t.Run("western", func(t *testing.T) {
		pdf := parts(render(t, invoice(2)))
		fonts := pdf.withEntry("/Subtype /TrueType")
		for _, font := range fonts {
			ttf := pdf.font(t, font)
			for i, w := range strings.Fields(strings.Trim(string(pdf[reference(t, font, "Widths")]), "[] \n")) {
				code := byte(32 + i)
				if r := charmap.Windows1252.DecodeByte(code); r < 160 && r > 126 || r == '\ufffd' {
					continue // a code without a character
				}
				ttf.check(t, ttf.glyph(charmap.Windows1252.DecodeByte(code)), w, "code "+strconv.Itoa(int(code)))
			}
		}
		if len(fonts) != 2 {
			t.Errorf("there are %d fonts", len(fonts))
		}
	})
	t.Run("beyond", func(t *testing.T) {
		pdf := parts(render(t, beyond(invoice(2))))
		fonts := pdf.withEntry("/CIDFontType2")
		for _, font := range fonts {
			ttf, glyphs := pdf.font(t, font), pdf.stream(t, reference(t, font, "CIDToGIDMap"))
			widths := widthsOf(t, font)
			shown := 0
			for cid, w := range widths {
				if g := int(binary.BigEndian.Uint16(glyphs[2*cid:])); g != 0 {
					ttf.check(t, g, w, "character "+strconv.Itoa(cid))
					shown++
				}
			}
			if shown < 60 {
				t.Errorf("%d characters have a width and a glyph", shown)
			}
		}
		if len(fonts) != 2 {
			t.Errorf("there are %d fonts", len(fonts))
		}
	})
}

// objects are a document's, by their numbers.
type objects map[int][]byte

func parts(pdf []byte) objects {
	all := objects{}
	for _, m := range regexp.MustCompile(`(?s)\n(\d+) 0 obj\n(.*?)\nendobj`).FindAllSubmatch(pdf, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		all[n] = m[2]
	}
	return all
}

func (o objects) withEntry(entry string) (found [][]byte) {
	for _, body := range o {
		if bytes.Contains(body, []byte(entry)) && !bytes.Contains(body, []byte("\nstream\n")) {
			found = append(found, body)
		}
	}
	return found
}

func reference(t *testing.T, dict []byte, key string) int {
	t.Helper()
	m := regexp.MustCompile(`/` + key + ` (\d+) 0 R`).FindSubmatch(dict)
	if m == nil {
		t.Fatalf("no %s in %s", key, dict)
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

func (o objects) stream(t *testing.T, n int) []byte {
	t.Helper()
	_, packed, _ := bytes.Cut(o[n], []byte("\nstream\n"))
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (o objects) font(t *testing.T, font []byte) truetype {
	t.Helper()
	return truetype(o.stream(t, reference(t, o[reference(t, font, "FontDescriptor")], "FontFile2")))
}

// widthsOf reads an array W: `first [w w …]` or `first last w`.
func widthsOf(t *testing.T, font []byte) map[int]string {
	t.Helper()
	_, text, _ := bytes.Cut(font, []byte("/W ["))
	tokens := regexp.MustCompile(`\[|\]|\d+`).FindAllString(string(text), -1)
	widths := map[int]string{}
	for i := 0; i+2 < len(tokens) && tokens[i] != "]"; {
		first, _ := strconv.Atoi(tokens[i])
		if tokens[i+1] != "[" {
			last, _ := strconv.Atoi(tokens[i+1])
			for c := first; c <= last; c++ {
				widths[c] = tokens[i+2]
			}
			i += 3
			continue
		}
		for i += 2; tokens[i] != "]"; i++ {
			widths[first] = tokens[i]
			first++
		}
		i++
	}
	return widths
}

// truetype is a font's file.
type truetype []byte

func (f truetype) u16(at int) int { return int(binary.BigEndian.Uint16(f[at:])) }

func (f truetype) table(tag string) int {
	for row := 12; ; row += 16 {
		if string(f[row:row+4]) == tag {
			return int(binary.BigEndian.Uint32(f[row+8:]))
		}
	}
}

func (f truetype) check(t *testing.T, glyph int, stated, what string) {
	t.Helper()
	if glyph == 0 {
		t.Errorf("%s has no glyph", what)
		return
	}
	metrics := f.u16(f.table("hhea") + 34)
	real := float64(f.u16(f.table("hmtx")+4*min(glyph, metrics-1))) * 1000 / float64(f.u16(f.table("head")+18))
	if w, err := strconv.ParseFloat(stated, 64); err != nil || w-real > 1 || real-w > 1 {
		t.Errorf("%s is %s wide in the document and %.2f in the font", what, stated, real)
	}
}

// glyph looks a character up in the table cmap, format 4; 0: there is none.
func (f truetype) glyph(r rune) int {
	cmap := f.table("cmap")
	for i := range f.u16(cmap + 2) {
		at := cmap + int(binary.BigEndian.Uint32(f[cmap+4+8*i+4:]))
		if f.u16(at) != 4 {
			continue
		}
		size := f.u16(at + 6)
		for s := 0; s < size; s += 2 {
			last, first, delta, offset := f.u16(at+14+s), f.u16(at+16+size+s), f.u16(at+16+2*size+s), at+16+3*size+s
			switch o := f.u16(offset); {
			case int(r) < first || int(r) > last:
			case o == 0:
				return (int(r) + delta) & 0xffff
			default:
				if g := f.u16(offset + o + 2*(int(r)-first)); g != 0 {
					return (g + delta) & 0xffff
				}
			}
		}
	}
	return 0
}
