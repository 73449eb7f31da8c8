package main

// colour of a cell; it carries no meaning of its own beyond the text.
type colour string

const (
	plain  colour = ""
	red    colour = "31"
	yellow colour = "33"
	green  colour = "32"
	bold   colour = "1"
)

// coloured is true on a terminal whose user did not opt out (https://no-color.org).
func (e *env) coloured(w any) bool {
	return e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb" && terminal(w)
}

// paint colours s if both outputs are terminals.
func (e *env) paint(c colour, s string) string {
	if c == plain || !e.coloured(e.stdout) || !e.coloured(e.stderr) {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}
