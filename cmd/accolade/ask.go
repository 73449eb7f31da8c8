package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// confirm asks to type name again before a destructive verb, unless --yes. Without
// a terminal nobody can answer: the verb is refused.
func (e *env) confirm(what, name string) error {
	if e.yes {
		return nil
	}
	if !terminal(e.stdin) {
		return &failure{what: what + " needs a confirmation, and there is no terminal to ask on", fix: "add --yes", code: exitUsage}
	}
	fmt.Fprintf(e.stderr, "%s. Type %q to go on: ", what, name)
	line, err := bufio.NewReader(e.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != name {
		return &failure{what: "not confirmed, nothing was changed", code: exitRefused}
	}
	return nil
}
