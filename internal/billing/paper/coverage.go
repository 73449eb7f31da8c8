package paper

import (
	"encoding/binary"
	"sync"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
)

// hasGlyph tells whether both weights of Liberation Sans have a glyph for a rune. What has
// none would be a box on the paper, and PDF/A forbids it (ISO 19005-3, 6.2.11.8).
func hasGlyph(r rune) bool {
	const last = 0xffff // of the basic plane
	return r >= 0 && r <= last && glyphs()[r]
}

var glyphs = sync.OnceValue(func() *[1 << 16]bool {
	regular, bold := runesOf(liberationsansregular.TTF), runesOf(liberationsansbold.TTF)
	for r, has := range bold {
		regular[r] = regular[r] && has
	}
	return regular
})

// runesOf reads which runes of the basic plane a font has, from its table cmap in format 4
// (ISO/IEC 14496-22, 5.2.1). A font without one has none.
func runesOf(ttf []byte) *[1 << 16]bool {
	var has [1 << 16]bool
	u16 := func(at int) int {
		if at < 0 || at+2 > len(ttf) {
			return 0
		}
		return int(binary.BigEndian.Uint16(ttf[at:]))
	}
	u32 := func(at int) int { return u16(at)<<16 | u16(at+2) }
	for table := range u16(4) {
		row := 12 + 16*table
		if row+16 > len(ttf) || string(ttf[row:row+4]) != "cmap" {
			continue
		}
		cmap := u32(row + 8)
		for i := range u16(cmap + 2) {
			at := cmap + u32(cmap+4+8*i+4)
			if u16(at) != 4 {
				continue
			}
			size := u16(at + 6) // twice the number of segments
			for s := 0; s < size; s += 2 {
				last, first, delta, offset := u16(at+14+s), u16(at+16+size+s), u16(at+16+2*size+s), at+16+3*size+s
				for r := first; r <= last; r++ {
					glyph := r
					if o := u16(offset); o != 0 {
						if glyph = u16(offset + o + 2*(r-first)); glyph == 0 {
							continue
						}
					}
					has[r] = has[r] || (glyph+delta)&0xffff != 0
				}
			}
		}
	}
	return &has
}
