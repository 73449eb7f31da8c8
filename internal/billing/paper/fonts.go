package paper

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/text/encoding/charmap"
)

// typeface is what a document is set in, and how words are written down for it.
type typeface struct {
	add    func(*fpdf.Fpdf) // both weights of the family "sans"
	encode func(string) string
}

// western is Liberation Sans cut to the characters of Windows-1252, which French,
// English and their neighbours are written in: a byte each. Such fonts are made ready
// once and go into every document as they are; reading, cutting and packing fonts for
// each would take longer than all else.
var western = sync.OnceValues(func() (typeface, error) {
	regular, err := cut("regular", liberationsansregular.TTF)
	if err != nil {
		return typeface{}, err
	}
	bold, err := cut("bold", liberationsansbold.TTF)
	if err != nil {
		return typeface{}, err
	}
	return typeface{
		add: func(pdf *fpdf.Fpdf) {
			pdf.AddFontFromBytes("sans", "", regular.definition, regular.file)
			pdf.AddFontFromBytes("sans", "B", bold.definition, bold.file)
		},
		encode: func(words string) string {
			codes := make([]byte, 0, len(words))
			for _, r := range words {
				code, _ := charmap.Windows1252.EncodeRune(r) // a document with other runes is set in whole
				codes = append(codes, code)
			}
			return string(codes)
		},
	}, nil
})

// whole is all of Liberation Sans, of which each document gets what it uses. The
// library may write into a font that it reads, so that each document gets its own.
func whole() typeface {
	return typeface{
		add: func(pdf *fpdf.Fpdf) {
			pdf.AddUTF8FontFromBytes("sans", "", bytes.Clone(liberationsansregular.TTF))
			pdf.AddUTF8FontFromBytes("sans", "B", bytes.Clone(liberationsansbold.TTF))
		},
		encode: func(words string) string { return words },
	}
}

// isWestern tells whether western has a rune.
func isWestern(r rune) bool {
	_, has := charmap.Windows1252.EncodeRune(r)
	return has && !unicode.IsControl(r)
}

// ready is a font as the library takes it: what it is in JSON, and the packed file.
type ready struct{ definition, file []byte }

// cut makes a font ready that has the characters of Windows-1252 alone.
func cut(weight string, ttf []byte) (ready, error) {
	var runes strings.Builder
	var codes [256]rune
	for code := range codes {
		if r := charmap.Windows1252.DecodeByte(byte(code)); isWestern(r) {
			codes[code] = r
			runes.WriteRune(r)
		}
	}
	small := fpdf.UTF8CutFont(bytes.Clone(ttf), runes.String())
	probe := fpdf.New("P", "mm", "A4", "")
	probe.AddUTF8FontFromBytes("cut", "", bytes.Clone(small))
	probe.SetFont("cut", "", 10)
	widths := make([]int, len(codes)) // in thousandths of the size
	for code, r := range codes {
		if r != 0 {
			widths[code] = probe.GetStringSymbolWidth(string(r))
		}
	}
	about := probe.GetFontDesc("cut", "")
	about.Flags = about.Flags&^symbolic | nonsymbolic
	if err := probe.Error(); err != nil {
		return ready{}, fmt.Errorf("font %s: %w", weight, err)
	}
	// The six letters before the name say that this is a part of the font (ISO 32000-1, 9.6.4).
	definition, err := json.Marshal(map[string]any{"Tp": "TrueType", "Name": "ACCOLA+LiberationSans-" + weight, "Desc": about, "Cw": widths,
		"File": weight + ".z", "OriginalSize": len(small)})
	if err != nil {
		return ready{}, fmt.Errorf("font %s: %w", weight, err)
	}
	var file bytes.Buffer
	z, err := zlib.NewWriterLevel(&file, zlib.BestCompression)
	if err != nil {
		return ready{}, fmt.Errorf("font %s: %w", weight, err)
	}
	if _, err := z.Write(small); err != nil {
		return ready{}, fmt.Errorf("font %s: %w", weight, err)
	}
	if err := z.Close(); err != nil {
		return ready{}, fmt.Errorf("font %s: %w", weight, err)
	}
	return ready{definition, file.Bytes()}, nil
}

// Flags of a font descriptor (ISO 32000-1, table 123): whether its characters are those
// of the Latin alphabet, which Windows-1252 numbers.
const (
	symbolic    = 1 << 2
	nonsymbolic = 1 << 5
)
