package paper

import "strings"

// section is a title with paragraphs below it.
type section struct {
	title      string
	paragraphs []string // those that begin with bullet are items
}

const bullet = "•\u00a0"

// prose reads a text: lines with # begin a section, lines with - are items, other lines
// up to a blank one are a paragraph. What stands before the first section has no title.
func prose(text string) []section {
	var all []section
	var words []string
	end := func() {
		if len(words) == 0 {
			return
		}
		if all == nil {
			all = []section{{}}
		}
		last := &all[len(all)-1]
		last.paragraphs = append(last.paragraphs, strings.Join(words, " "))
		words = nil
	}
	for line := range strings.Lines(text) {
		line = strings.Join(strings.FieldsFunc(line, breaks), " ")
		switch {
		case line == "":
			end()
		case strings.HasPrefix(line, "# "):
			end()
			all = append(all, section{title: strings.TrimPrefix(line, "# ")})
		case strings.HasPrefix(line, "- "):
			end()
			words = []string{bullet + strings.TrimPrefix(line, "- ")}
		default:
			words = append(words, line)
		}
	}
	end()
	return all
}

// breaks tells the spaces at which a line may end; one that does not break stays.
func breaks(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// cutBullet is the text of an item without its bullet.
func cutBullet(p string) (words string, isItem bool) { return strings.CutPrefix(p, bullet) }

// lines are a note's, without the blank ones.
func lines(note string) (all []string) {
	for line := range strings.Lines(note) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
