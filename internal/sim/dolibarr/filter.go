package dolibarr

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// columns gives the text of a column by its name.
type columns func(name string) (string, bool)

// filter decides about a row; its error is the database's.
type filter func(columns) (bool, error)

// Forms of the universal search syntax: (t.field:operator:value), joined by AND and OR.
var (
	criterion = regexp.MustCompile(`(?i)\(([a-z0-9_.]+:[<>!=insotlke]+:[^()]+)\)`)
	joints    = strings.NewReplacer("and", "", "or", "", "AND", "", "OR", "", " ", "")
)

// parse reads sqlfilters as forgeSQLFromUniversalSearchCriteria does.
func parse(text string) (filter, error) {
	if text == "" {
		return func(columns) (bool, error) { return true, nil }, nil
	}
	if !strings.HasPrefix(text, "(") || !strings.HasSuffix(text, ")") {
		text = "(" + text + ")"
	}
	depth := 0
	for _, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 {
		return nil, errors.New("Bad balance of parenthesis")
	}
	if strings.Trim(joints.Replace(criterion.ReplaceAllString(text, "")), "()") != "" {
		return nil, errors.New("Bad syntax of the search string: " + text)
	}
	var all []string
	shape := criterion.ReplaceAllStringFunc(text, func(m string) string {
		all = append(all, m[1:len(m)-1])
		return fmt.Sprintf("#%d#", len(all)-1)
	})
	return func(row columns) (bool, error) {
		var failed error
		e := &expression{text: shape, value: func(i int) bool {
			ok, err := compare(all[i], row)
			if err != nil {
				failed = err
			}
			return ok
		}}
		return e.or(), failed
	}, nil
}

// expression evaluates `(#0# AND #1#) OR #2#`.
type expression struct {
	text  string
	value func(int) bool
}

func (e *expression) take(word string) bool {
	e.text = strings.TrimLeft(e.text, " ")
	if len(e.text) >= len(word) && strings.EqualFold(e.text[:len(word)], word) {
		e.text = e.text[len(word):]
		return true
	}
	return false
}

func (e *expression) or() bool {
	v := e.and()
	for e.take("OR") {
		w := e.and()
		v = v || w
	}
	return v
}

func (e *expression) and() bool {
	v := e.one()
	for e.take("AND") {
		w := e.one()
		v = v && w
	}
	return v
}

func (e *expression) one() bool {
	if e.take("(") {
		v := e.or()
		e.take(")")
		return v
	}
	if !e.take("#") {
		return false
	}
	digits, rest, _ := strings.Cut(e.text, "#")
	e.text = rest
	n, err := strconv.Atoi(digits)
	return err == nil && e.value(n)
}

// compare evaluates one criterion. A value in quotes is a text, any other a number: what
// is no number is 0, as PHP casts it. The database compares texts without their case.
func compare(c string, row columns) (bool, error) {
	parts := strings.SplitN(c, ":", 3)
	have, known := row(parts[0])
	if !known {
		return false, fmt.Errorf("Unknown column '%s' in 'where clause'", parts[0])
	}
	value, quoted := strings.CutPrefix(parts[2], "'")
	value = strings.TrimSuffix(value, "'")
	operator := strings.ToLower(parts[1])
	if operator == "like" || operator == "notlike" {
		pattern := strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(value))
		ok, err := regexp.MatchString("(?is)^"+pattern+"$", have)
		return ok == (operator == "like"), err
	}
	order := strings.Compare(strings.ToLower(have), strings.ToLower(value))
	if !quoted {
		x, y := number(have), number(value)
		order = 0
		if x < y {
			order = -1
		} else if x > y {
			order = 1
		}
	}
	switch operator {
	case "=":
		return order == 0, nil
	case "!=", "<>":
		return order != 0, nil
	case "<":
		return order < 0, nil
	case ">":
		return order > 0, nil
	case "<=":
		return order <= 0, nil
	case ">=":
		return order >= 0, nil
	}
	return false, fmt.Errorf("You have an error in your SQL syntax near '%s'", parts[1])
}

var leading = regexp.MustCompile(`^\s*-?\d+(\.\d+)?`)

// number is the number that a text begins with.
func number(s string) float64 {
	f, _ := strconv.ParseFloat(strings.TrimSpace(leading.FindString(s)), 64)
	return f
}

// page are the rows of a page, in the order of their IDs: limit 100 unless told, pages
// from 0, a limit of 0 for all.
func page[T any](q url.Values, rows map[int]*T, match func(*T) (bool, error)) ([]*T, error) {
	limit, at := 100, 0
	if v := q.Get("limit"); v != "" {
		limit, _ = strconv.Atoi(v)
	}
	if v := q.Get("page"); v != "" {
		at, _ = strconv.Atoi(v)
	}
	var found []*T
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		ok, err := match(rows[id])
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, rows[id])
		}
	}
	if limit > 0 {
		from := min(limit*max(0, at), len(found))
		found = found[from:min(from+limit, len(found))]
	}
	return found, nil
}
