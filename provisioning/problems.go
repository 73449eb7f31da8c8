package provisioning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong in a file that somebody wrote.
type Problem struct {
	Line   int    `json:"line"`             // from 1; 0: the file as a whole
	Column int    `json:"column,omitempty"` // from 1
	Field  string `json:"field,omitempty"`  // size.memory, or the column of a CSV file
	Why    string `json:"why"`              // names the value and what is allowed
}

// Problems is everything wrong in one file, in the order of its lines.
type Problems struct {
	File string    `json:"file"`
	List []Problem `json:"list"`
}

func (p *Problems) add(line, column int, field, why string) {
	p.List = append(p.List, Problem{line, column, field, why})
}

// orNil is p as an error, or nil when there is nothing to tell.
func (p *Problems) orNil() error {
	if len(p.List) == 0 {
		return nil
	}
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p
}

// mostTold is how many problems a message names.
const mostTold = 100

// Error is one line per problem: FILE:LINE:COLUMN: FIELD: why.
func (p *Problems) Error() string {
	lines := make([]string, min(len(p.List), mostTold), mostTold+1)
	for i, problem := range p.List[:len(lines)] {
		var b strings.Builder
		b.WriteString(p.File)
		if problem.Line > 0 {
			fmt.Fprintf(&b, ":%d", problem.Line)
		}
		if problem.Column > 0 {
			fmt.Fprintf(&b, ":%d", problem.Column)
		}
		b.WriteString(": ")
		if problem.Field != "" {
			b.WriteString(problem.Field + ": ")
		}
		b.WriteString(problem.Why)
		lines[i] = b.String()
	}
	if more := len(p.List) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", p.File, more))
	}
	return strings.Join(lines, "\n")
}
