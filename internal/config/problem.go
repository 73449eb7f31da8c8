package config

import (
	"fmt"
	"iter"
	"maps"
	"strings"
)

// Problem is one thing wrong, and where.
type Problem struct {
	File         string // of a problem in the file
	Line, Column int    // from 1; 0 when there is no place
	Source       string // variable or flag of a problem outside the file
	Key          string
	Why          string // names the value and what is allowed
}

func (p Problem) Error() string {
	var b strings.Builder
	switch {
	case p.File != "" && p.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	case p.File != "":
		fmt.Fprintf(&b, "%s: ", p.File)
	case p.Source != "":
		fmt.Fprintf(&b, "%s: ", p.Source)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Why
}

// Problems is all that is wrong with a configuration.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

func mapsKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// suggest is "; did you mean X?" for the nearest candidate, if one is near.
func suggest(word string, candidates iter.Seq[string]) string {
	best, bestDistance := "", 3
	for c := range candidates {
		if d := distance(word, c); d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance counts the characters to change, drop or add (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := i + 1
		diagonal := row[0]
		row[0] = left
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
