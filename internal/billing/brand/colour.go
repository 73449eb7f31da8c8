package brand

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Colour is a colour of the screen (sRGB).
type Colour struct{ R, G, B uint8 }

// leastContrast is what small text needs on its ground (WCAG 2.2, 1.4.3).
const leastContrast = 4.5

var hexForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// ParseColour reads `#0f626a`, and refuses what cannot be read on white.
func ParseColour(s string) (Colour, error) {
	if !hexForm.MatchString(s) {
		return Colour{}, fmt.Errorf("%q is no colour; want # and six hexadecimal digits, such as #0f626a", s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return Colour{}, err
	}
	c := Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}
	if k := c.contrast(); k < leastContrast {
		return Colour{}, fmt.Errorf("%s is too light for text: its contrast with white is %.1f to 1; want at least %.1f, so that it can be read", s, math.Floor(k*10)/10, leastContrast)
	}
	return c, nil
}

// contrast with white (WCAG 2.2: relative luminance).
func (c Colour) contrast() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 1.05 / (0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B) + 0.05)
}

// Wash is the colour so thin that black text stands on it.
func (c Colour) Wash() Colour {
	thin := func(v uint8) uint8 { return uint8(255 - (255-int(v))*6/100) }
	return Colour{thin(c.R), thin(c.G), thin(c.B)}
}
