package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"codeberg.org/accolade/accolade/internal/strictyaml"
)

// found is one value of the file.
type found struct {
	key, text    string
	line, column int
}

// parse reads the YAML tree and flattens it to keys.
func parse(file string, b []byte) ([]found, Problems) {
	tree, err := strictyaml.Parse(b)
	if err != nil {
		p := Problem{File: file, Why: err.Error()}
		if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
			p.Why, p.Line, p.Column = e.GetMessage(), e.GetToken().Position.Line, e.GetToken().Position.Column
		}
		return nil, Problems{p}
	}
	w := &walker{file: file, seen: map[string]int{}}
	for _, k := range Keys {
		w.names = append(w.names, k.Name)
		for i, r := range k.Name {
			if r == '.' && !slices.Contains(w.sections, k.Name[:i]) {
				w.sections = append(w.sections, k.Name[:i])
			}
		}
	}
	if len(tree.Docs) > 1 {
		w.fail(tree.Docs[1], "", "a configuration is one YAML document")
	}
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			w.walk("", doc.Body)
		}
	}
	return w.values, w.wrong
}

type walker struct {
	file            string
	names, sections []string
	seen            map[string]int // line by key
	values          []found
	wrong           Problems
}

func (w *walker) fail(n ast.Node, key, format string, args ...any) {
	p := Problem{File: w.file, Key: key, Why: fmt.Sprintf(format, args...)}
	if t := n.GetToken(); t != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	w.wrong = append(w.wrong, p)
}

func (w *walker) walk(section string, n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			w.pair(section, v)
		}
	case *ast.MappingValueNode:
		w.pair(section, n)
	case *ast.NullNode, *ast.CommentGroupNode:
	default:
		w.fail(n, section, "%s stands where keys with values are wanted", describe(n))
	}
}

func (w *walker) pair(section string, v *ast.MappingValueNode) {
	name := v.Key.GetToken().Value
	full := strings.TrimPrefix(section+"."+name, ".")
	if line, twice := w.seen[full]; twice {
		w.fail(v.Key, full, "given twice, first in line %d", line)
		return
	}
	w.seen[full] = v.Key.GetToken().Position.Line
	if slices.Contains(w.sections, full) {
		w.walk(full, v.Value)
		return
	}
	i := slices.Index(w.names, full)
	if i < 0 {
		w.fail(v.Key, full, "unknown key%s", w.hint(section, full))
		return
	}
	w.value(Keys[i], v)
}

// hint names the nearest key, or all that are allowed at this place.
func (w *walker) hint(section, full string) string {
	if s := suggest(full, slices.Values(slices.Concat(w.names, w.sections))); s != "" {
		return s
	}
	var here []string
	for _, name := range slices.Concat(w.sections, w.names) {
		rest, ok := strings.CutPrefix(name, section)
		rest = strings.TrimPrefix(rest, ".")
		if ok && rest != "" && !strings.Contains(rest, ".") {
			here = append(here, rest)
		}
	}
	slices.Sort(here)
	return "; allowed here: " + strings.Join(here, ", ")
}

func (w *walker) value(k Key, v *ast.MappingValueNode) {
	n := v.Value
	wanted := false
	text := n.GetToken().Value
	switch n := n.(type) {
	case *ast.StringNode:
		wanted = k.kind == aText || k.kind == aDigits || k.kind == aList
		text = n.Value
	case *ast.LiteralNode:
		wanted = k.kind == aText
		text = strings.TrimSuffix(n.Value.Value, "\n")
	case *ast.IntegerNode:
		wanted = k.kind == aNumber || k.kind == aDigits
	case *ast.FloatNode:
		wanted = k.kind == aDigits
	case *ast.BoolNode:
		wanted = k.kind == aSwitch
	case *ast.SequenceNode:
		if k.kind == aList {
			w.list(k, n)
			return
		}
	case *ast.NullNode:
		w.fail(v.Key, k.Name, "has no value; want %s", k.Allowed)
		return
	}
	if !wanted {
		w.fail(n, k.Name, "%s is of the wrong type; want %s%s", describe(n), k.Allowed, quoteHint(k, n))
		return
	}
	at := n.GetToken().Position
	w.values = append(w.values, found{key: k.Name, text: text, line: at.Line, column: at.Column})
}

func (w *walker) list(k Key, n *ast.SequenceNode) {
	var items []string
	for _, v := range n.Values {
		s, ok := v.(*ast.StringNode)
		if !ok || strings.Contains(s.Value, "|") {
			w.fail(v, k.Name, "%s cannot stand in this list; want %s", describe(v), k.Allowed)
			return
		}
		items = append(items, s.Value)
	}
	at := n.GetToken().Position
	w.values = append(w.values, found{key: k.Name, text: strings.Join(items, "|"), line: at.Line, column: at.Column})
}

func quoteHint(k Key, n ast.Node) string {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		if k.kind == aText {
			return " (put it in quotes if it is meant as text)"
		}
	}
	return ""
}

func describe(n ast.Node) string {
	text := n.GetToken().Value
	switch n.(type) {
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", text)
	case *ast.IntegerNode, *ast.FloatNode:
		return "the number " + text
	case *ast.BoolNode:
		return "the value " + text
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.LiteralNode:
		return "a block of text"
	}
	return fmt.Sprintf("%q", text)
}
