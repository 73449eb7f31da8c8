package einvoice

import (
	"bytes"
	"encoding/xml"
)

// writer writes XML one element at a time, in the order that a schema wants. An
// element without content is left out.
type writer struct {
	b     bytes.Buffer
	depth int
}

// attr is an attribute: name and value.
type attr [2]string

func (w *writer) start(name string, attrs []attr) {
	w.indent()
	w.b.WriteString("<" + name)
	for _, a := range attrs {
		w.b.WriteString(" " + a[0] + `="`)
		w.escape(a[1])
		w.b.WriteByte('"')
	}
	w.b.WriteByte('>')
}

func (w *writer) indent() {
	w.b.WriteByte('\n')
	for range w.depth {
		w.b.WriteByte(' ')
	}
}

// in writes an element around what content writes, or nothing if that is nothing.
func (w *writer) in(name string, content func(), attrs ...attr) {
	before := w.b.Len()
	w.start(name, attrs)
	inside := w.b.Len()
	w.depth++
	content()
	w.depth--
	if w.b.Len() == inside {
		w.b.Truncate(before)
		return
	}
	w.indent()
	w.b.WriteString("</" + name + ">")
}

// text writes an element that holds a text, or nothing if it is empty.
func (w *writer) text(name, value string, attrs ...attr) {
	if value == "" {
		return
	}
	w.start(name, attrs)
	w.escape(value)
	w.b.WriteString("</" + name + ">")
}

// escape also replaces what XML cannot hold, control characters, by U+FFFD.
// Writing to a buffer does not fail.
func (w *writer) escape(s string) { _ = xml.EscapeText(&w.b, []byte(s)) }

// bytes are the document, with the declaration before it.
func (w *writer) bytes() []byte {
	return append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), append(w.b.Bytes(), '\n')...)
}
