package paper

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ink is a colour.
type ink [3]int

// Few colours, and black for what counts: the paper must survive a fax and a
// black-and-white printer.
var (
	black = ink{24, 28, 33}
	grey  = ink{105, 114, 124}
	pale  = ink{214, 220, 226}
	// The house's colours where the seller has none.
	ours     = ink{15, 98, 106}
	oursWash = ink{241, 246, 246}
)

// style is how a text is set; size in points.
type style struct {
	size float64
	bold bool
	ink  ink
}

var (
	body  = style{9, false, black}
	small = style{7.5, false, grey}
	label = style{7, true, grey}
)

func (s *sheet) set(st style) {
	weight := ""
	if st.bold {
		weight = "B"
	}
	s.pdf.SetFont("sans", weight, st.size)
	s.pdf.SetTextColor(st.ink[0], st.ink[1], st.ink[2])
}

// text writes one line whose baseline is at y.
func (s *sheet) text(x, y float64, st style, words string) {
	s.set(st)
	s.pdf.Text(x, y, s.face.encode(s.printable(words)))
}

// textRight ends a line at x.
func (s *sheet) textRight(x, y float64, st style, words string) {
	s.set(st)
	words = s.printable(words)
	s.pdf.Text(x-s.width(words), y, s.face.encode(words))
}

// width is how wide words are in the style that is set.
func (s *sheet) width(words string) float64 { return s.pdf.GetStringWidth(s.face.encode(words)) }

// hairline draws a rule across the page.
func (s *sheet) hairline(x1, x2, y float64, c ink, width float64) {
	s.pdf.SetDrawColor(c[0], c[1], c[2])
	s.pdf.SetLineWidth(width)
	s.pdf.Line(x1, y, x2, y)
}

// fill paints a rectangle.
func (s *sheet) fill(x, y, width, height float64, c ink) {
	s.pdf.SetFillColor(c[0], c[1], c[2])
	s.pdf.Rect(x, y, width, height, "F")
}

// band is a ground for what is to be seen first, from x to the right, with a bar at its
// left.
func (s *sheet) band(x, y, height float64, bar, ground ink) {
	s.fill(x, y, right-x, height, ground)
	s.fill(x, y, 1.1, height, bar)
}

// leading is the distance of lines of a style, in millimetres.
func (st style) leading() float64 { return st.size * 0.3528 * 1.32 }

// paragraph sets words in a column from baseline y on, and returns the baseline
// after its last line.
func (s *sheet) paragraph(x, y, width float64, st style, words string) float64 {
	for _, line := range s.wrap(width, st, words) {
		s.text(x, y, st, line)
		y += st.leading()
	}
	return y
}

// fit makes a style smaller, down to the least size, until words go into a width.
func (s *sheet) fit(width, least float64, st style, words string) style {
	for s.set(st); st.size > least && s.width(s.printable(words)) > width; s.set(st) {
		st.size -= 0.5
	}
	return st
}

// wrap breaks words into lines of a width. Only plain spaces break; a word that is
// wider than the line breaks behind a hyphen, or anywhere if it has none.
func (s *sheet) wrap(width float64, st style, words string) []string {
	s.set(st)
	var lines []string
	line := ""
	for _, word := range strings.Split(s.printable(words), " ") {
		for {
			whole := word
			if line != "" {
				whole = line + " " + word
			}
			if s.width(whole) <= width {
				line = whole
				break
			}
			if line != "" {
				lines, line = append(lines, line), ""
				continue
			}
			cut := s.fitting(width, word)
			lines, word = append(lines, word[:cut]), word[cut:]
		}
	}
	return append(lines, line)
}

// fitting is how many bytes of a word go on a line, at least one rune's.
func (s *sheet) fitting(width float64, word string) int {
	cut, hyphen := 0, 0
	for i, r := range word {
		end := i + len(string(r))
		if cut > 0 && s.width(word[:end]) > width {
			break
		}
		if cut = end; r == '-' {
			hyphen = end
		}
	}
	if hyphen > 0 {
		return hyphen
	}
	return cut
}

// printable is words as the fonts draw them: accents in one with their letters, spaces and
// hyphens of print as the plain ones that do not break, apostrophes as those of print, and
// a question mark for what has no glyph. It notes what western lacks.
func (s *sheet) printable(words string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case r == '\'':
			return '’'
		case r == '\u00ad' || unicode.Is(unicode.Cf, r): // hyphens that do not show, joiners, marks of direction
			return -1
		case r != ' ' && unicode.Is(unicode.Zs, r):
			return '\u00a0'
		case r == '\u2010' || r == '\u2011':
			return '-'
		case isWestern(r):
			return r
		case !hasGlyph(r):
			return '?'
		}
		s.beyond = true
		return r
	}, norm.NFC.String(words))
}
