package agenda

import (
	"strings"
	"time"
	"unicode/utf8"
)

// calendar is an iCalendar object that is being written.
type calendar struct{ b strings.Builder }

// longest is the longest line in octets, without its end (RFC 5545, 3.1).
const longest = 75

// line writes a property, folded: a line that is too long goes on in the next one,
// after a space. No character is cut in two.
func (c *calendar) line(name, value string) {
	rest, room := name+":"+value, longest
	for len(rest) > room {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		c.b.WriteString(rest[:cut] + "\r\n ")
		rest, room = rest[cut:], longest-1
	}
	c.b.WriteString(rest + "\r\n")
}

// escape is what a text may not hold as it is (RFC 5545, 3.3.11).
var escape = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

func text(s string) string { return escape.Replace(s) }

// filler is what a file without events holds, since it must hold something (RFC 5545, 3.6).
func (c *calendar) filler() {
	for _, l := range [][2]string{{"BEGIN", "VTIMEZONE"}, {"TZID", "UTC"}, {"BEGIN", "STANDARD"}, {"DTSTART", "19700101T000000"},
		{"TZOFFSETFROM", "+0000"}, {"TZOFFSETTO", "+0000"}, {"END", "STANDARD"}, {"END", "VTIMEZONE"}} {
		c.line(l[0], l[1])
	}
}

// instant is a time as UTC, so that no file needs the rules of a time zone
// (RFC 5545, 3.3.5, form 2).
func instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
