package einvoice

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

// node is an element of XML with its namespace left out: the words of CII, and
// those of UBL, are told apart without it.
type node struct {
	name     string
	attrs    map[string]string
	text     string
	children []*node
}

// most is the size of a document that is read: far more than any invoice needs.
const most = 16 << 20

// deepest is how far elements may nest; EN 16931 needs less than ten.
const deepest = 64

func parse(b []byte) (*node, error) {
	if len(b) > most {
		return nil, fmt.Errorf("the document has %d bytes: at most %d are read", len(b), most)
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	top := &node{}
	open := []*node{top}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		here := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(open) > deepest {
				return nil, fmt.Errorf("elements nest deeper than %d", deepest)
			}
			n := &node{name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			here.children, open = append(here.children, n), append(open, n)
		case xml.EndElement:
			if len(here.children) > 0 {
				here.text = ""
			}
			open = open[:len(open)-1]
		case xml.CharData:
			here.text += string(t)
		}
	}
	if len(top.children) != 1 {
		return nil, errors.New("not an XML document with one root element")
	}
	return top.children[0], nil
}

// all are the elements at a path such as `Item/Name`.
func (n *node) all(path string) []*node {
	if n == nil {
		return nil
	}
	step, rest, more := strings.Cut(path, "/")
	var found []*node
	for _, c := range n.children {
		switch {
		case c.name != step:
		case more:
			found = append(found, c.all(rest)...)
		default:
			found = append(found, c)
		}
	}
	return found
}

// one is the first element at a path, nil if there is none.
func (n *node) one(path string) *node {
	if all := n.all(path); len(all) > 0 {
		return all[0]
	}
	return nil
}

// say is the text at a path, empty if it is absent.
func (n *node) say(path string) string {
	if c := n.one(path); c != nil {
		return c.text
	}
	return ""
}

// with is the text at a path of the element whose attribute has a value.
func (n *node) with(path, attribute, value string) string {
	for _, c := range n.all(path) {
		if c.attrs[attribute] == value {
			return c.text
		}
	}
	return ""
}

// reading gathers what cannot be read, so that each field need not ask.
type reading struct{ problems []error }

func (r *reading) wrong(what, text, want string) {
	r.problems = append(r.problems, fmt.Errorf("%s %q: want %s", what, text, want))
}

// exact reads a decimal; zero where it is absent.
func (r *reading) exact(what, text string) *big.Rat {
	if text == "" {
		return new(big.Rat)
	}
	x, ok := new(big.Rat), len(text) <= 24 && !strings.ContainsAny(text, "/eE_xX") // before a Rat of 1e999999 is made
	if ok {
		x, ok = x.SetString(text)
	}
	if !ok {
		r.wrong(what, text, "a decimal number")
		return new(big.Rat)
	}
	return x
}

// scaled reads a decimal as a whole number of its nth decimal place.
func (r *reading) scaled(what, text string, places int64) int64 {
	x := r.exact(what, text)
	x.Mul(x, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil)))
	if !x.IsInt() || !x.Num().IsInt64() {
		r.wrong(what, text, fmt.Sprintf("at most %d decimals", places))
		return 0
	}
	return x.Num().Int64()
}

func (r *reading) cents(n *node, path string) money.Cents {
	return money.Cents(r.scaled(path, n.say(path), 2))
}

func (r *reading) rate(n *node, path string) money.Rate {
	beside := path[:strings.LastIndexByte(path, '/')+1]
	if n.say(path) == "" && (n.say(beside+"CategoryCode") == outOfScope || n.say(beside+"ID") == outOfScope) {
		return 0 // it has none
	}
	return money.Rate(r.scaled(path, n.say(path), 2))
}

func (r *reading) price(n *node, path string) money.UnitPrice {
	return money.UnitPrice(r.scaled(path, n.say(path), 6))
}

func (r *reading) count(n *node, path string) int64 {
	text := n.say(path)
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.wrong(path, text, "a whole number")
	}
	return v
}

// day reads a date in either form, 20261130 or 2026-11-30.
func (r *reading) day(n *node, path string) calendar.Date {
	text := n.say(path)
	if text == "" {
		return calendar.Date{}
	}
	if len(text) == 8 {
		text = text[:4] + "-" + text[4:6] + "-" + text[6:]
	}
	d, err := calendar.Parse(text)
	if err != nil {
		r.wrong(path, n.say(path), "a date")
	}
	return d
}

func (r *reading) due(code string, codes map[TaxDue]string) TaxDue {
	for due, c := range codes {
		if c == code {
			return due
		}
	}
	r.wrong("VAT due date code", code, "one of those that are issued here")
	return OnPayment
}
