package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"codeberg.org/accolade/accolade/internal/secret"
)

// confirm asks to type name again before a destructive verb, unless --yes. Without
// a terminal nobody can answer: the verb is refused.
func (e *env) confirm(what, name string) error {
	if e.yes {
		return nil
	}
	if !terminal(e.stdin) {
		return &failure{what: what + ": this needs a confirmation, and there is no terminal to ask on", fix: "add --yes", code: exitUsage}
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

// readSecret takes a secret from file ("-" is standard input, one line), or asks
// for it on the terminal without an echo. A secret never comes from an argument:
// arguments show in the process list. flag names the option in the error.
func (e *env) readSecret(prompt, flag, file string) (secret.Value, error) {
	switch {
	case file == "-":
		line, err := bufio.NewReader(io.LimitReader(e.stdin, 64<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return secret.Value{}, fmt.Errorf("read %s from standard input: %w", prompt, err)
		}
		return nonEmpty(prompt, line)
	case file != "":
		b, err := readNamed(file, "it is to hold "+prompt+" and nothing else; or pipe that in with --"+flag+" -")
		if err != nil {
			return secret.Value{}, err
		}
		return nonEmpty(prompt, string(b))
	}
	f, ok := e.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return secret.Value{}, &failure{what: prompt + " is needed, and there is no terminal to ask on", fix: "name a file that holds it with --" + flag + " FILE, or pipe it in with --" + flag + " -", code: exitUsage}
	}
	fmt.Fprintf(e.stderr, "%s: ", prompt)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(e.stderr)
	if err != nil {
		return secret.Value{}, fmt.Errorf("read %s: %w", prompt, err)
	}
	return nonEmpty(prompt, string(b))
}

func nonEmpty(prompt, text string) (secret.Value, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return secret.Value{}, &failure{what: prompt + " is empty", code: exitUsage}
	}
	return secret.New(text), nil
}
