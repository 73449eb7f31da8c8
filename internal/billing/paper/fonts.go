package paper

import (
	"bytes"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// typeface is what a document is set in.
type typeface struct {
	regular, bold []byte // TrueType
}

// latin holds the runes of the languages that clients have names in; reading a font
// costs by its size, and most of Liberation Sans lies beyond. It is cut once.
var latin = sync.OnceValue(func() typeface {
	var runes strings.Builder
	for _, span := range latinSpans {
		for r := span[0]; r <= span[1]; r++ {
			runes.WriteRune(r)
		}
	}
	return typeface{
		regular: fpdf.UTF8CutFont(liberationsansregular.TTF, runes.String()),
		bold:    fpdf.UTF8CutFont(liberationsansbold.TTF, runes.String()),
	}
})

// whole is all of Liberation Sans. The library may write into a whole font that it
// reads, so that each document gets its own.
func whole() typeface {
	return typeface{regular: bytes.Clone(liberationsansregular.TTF), bold: bytes.Clone(liberationsansbold.TTF)}
}

// latinSpans are Basic Latin, Latin-1 and Latin Extended-A, punctuation and the euro.
var latinSpans = [][2]rune{{' ', '~'}, {0xa0, 0x17f}, {0x2010, 0x203a}, {'€', '€'}}

// isLatin tells whether latin has a rune as far as Liberation Sans has it.
func isLatin(r rune) bool {
	for _, span := range latinSpans {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return false
}
