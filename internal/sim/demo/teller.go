package demo

import (
	"fmt"
	"io"
)

// teller writes the story for somebody who watches.
type teller struct{ w io.Writer }

func (t teller) chapter(title string) { fmt.Fprintf(t.w, "\n— %s\n", title) }

func (t teller) line(format string, args ...any) { fmt.Fprintf(t.w, "  "+format+"\n", args...) }
