package platform

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// element is an element of an XML document, by its local name.
type element struct {
	name     string
	attrs    map[string]string
	text     string
	children []*element
}

func parse(b []byte) (*element, error) {
	root := &element{}
	stack := []*element{root}
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			top.text = strings.TrimSpace(top.text)
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(root.children) != 1 {
		return nil, io.ErrUnexpectedEOF
	}
	return root.children[0], nil
}

// all are the elements at a path, such as `Note/Code`.
func (e *element) all(path string) (found []*element) {
	name, rest, deeper := strings.Cut(path, "/")
	for _, c := range e.children {
		switch {
		case c.name != name:
		case deeper:
			found = append(found, c.all(rest)...)
		default:
			found = append(found, c)
		}
	}
	return found
}

// one is the first element at a path, or an empty one.
func (e *element) one(path string) *element {
	if all := e.all(path); len(all) > 0 {
		return all[0]
	}
	return &element{}
}

// say is the text at a path; a scheme, if it is given, is that of its identifier.
func (e *element) say(path string, scheme ...string) string {
	for _, x := range e.all(path) {
		if len(scheme) == 0 || x.attrs["schemeID"] == scheme[0] {
			return x.text
		}
	}
	return ""
}

// below are all elements of a name, at any depth.
func (e *element) below(name string) (found []*element) {
	for _, c := range e.children {
		if c.name == name {
			found = append(found, c)
		}
		found = append(found, c.below(name)...)
	}
	return found
}
