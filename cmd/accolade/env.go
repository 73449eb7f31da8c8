package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/version"
)

// env is what a command works with: the terminal, the way to the controller, and
// how results are drawn.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	output   string // one of formats
	yes      bool
	timezone string

	socket, url, tokenFile, fingerprint string

	zone    *time.Location // of the times that are shown; set by check
	client  *api.Client
	quiet   bool // nobody reads standard error: a shell completes a line, or the verb says it itself
	started bool // the command line was understood; errors from here on are the work's
}

const defaultSocket = "/run/accolade/accoladed.sock"

func newEnv(in io.Reader, out, errOut io.Writer, getenv func(string) string) *env {
	return &env{stdin: in, stdout: out, stderr: errOut, getenv: getenv}
}

// fromEnv is the variable's value, or def if it is unset or empty.
func (e *env) fromEnv(name, def string) string {
	if v := e.getenv(name); v != "" {
		return v
	}
	return def
}

func (e *env) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&e.output, "output", "o", "table", "form of the result: "+strings.Join(formats, ", "))
	f.BoolVar(&e.yes, "yes", false, "do not ask for confirmation")
	f.StringVar(&e.socket, "socket", e.fromEnv("ACCOLADE_SOCKET", defaultSocket), "unix socket of the controller (ACCOLADE_SOCKET)")
	f.StringVar(&e.url, "url", e.getenv("ACCOLADE_URL"), "controller on the network, https://HOST:PORT (ACCOLADE_URL)")
	f.StringVar(&e.tokenFile, "token-file", e.getenv("ACCOLADE_TOKEN_FILE"), "file with your token, needed with --url (ACCOLADE_TOKEN_FILE)")
	f.StringVar(&e.fingerprint, "controller-fingerprint", e.getenv("ACCOLADE_FINGERPRINT"), "SHA-256 of the controller's certificate, for --url (ACCOLADE_FINGERPRINT)")
	f.StringVar(&e.timezone, "timezone", e.fromEnv("ACCOLADE_TIMEZONE", "Europe/Paris"), "time zone of the times shown (ACCOLADE_TIMEZONE)")
}

// check looks at the global flags before any work.
func (e *env) check() error {
	if !slices.Contains(formats, e.output) {
		return fmt.Errorf("-o %s: want one of %s", e.output, strings.Join(formats, ", "))
	}
	zone, err := time.LoadLocation(e.timezone)
	if err != nil {
		return fmt.Errorf("--timezone %s: no such time zone; want a name such as Europe/Paris", e.timezone)
	}
	e.zone = zone
	return nil
}

// controller is the client for the controller that the flags name.
func (e *env) controller() (*api.Client, error) {
	if e.client != nil {
		return e.client, nil
	}
	o := api.Options{Socket: e.socket, URL: e.url, Fingerprint: e.fingerprint, Agent: "accolade/" + version.String()}
	if e.url != "" {
		if e.tokenFile == "" {
			return nil, &failure{what: "--url needs a token", fix: "put yours in a file of mode 0600 and name it with --token-file or ACCOLADE_TOKEN_FILE", code: exitForbidden}
		}
		b, err := readNamed(e.tokenFile, "--token-file or ACCOLADE_TOKEN_FILE names a file of mode 0600 with your token; an administrator makes one: accolade token add NAME")
		if err != nil {
			return nil, err
		}
		o.Token = strings.TrimSpace(string(b))
	}
	c, err := api.NewClient(o)
	if err != nil {
		return nil, err
	}
	e.client = c
	return c, nil
}

// withController is the RunE of a verb whose work begins with the controller.
func (e *env) withController(run func(c *cobra.Command, client *api.Client, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		client, err := e.controller()
		if err != nil {
			return err
		}
		return run(c, client, args)
	}
}

// close drops the connection, and says a word when the two programs differ.
func (e *env) close() {
	if e.client == nil {
		return
	}
	if theirs := e.client.ControllerVersion(); theirs != "" && theirs != version.String() && !e.quiet {
		e.say("%s the controller is %s, this program is %s: install the same version of both", e.paint(yellow, "note:"), theirs, version.String())
	}
	e.client.Close()
}

// say writes a line of talk to standard error.
func (e *env) say(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) }

// when is t as a technician reads it, "2026-10-25 02:30", in the shown zone; empty
// for the zero time.
func (e *env) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(e.zone).Format("2006-01-02 15:04")
}

// terminal says whether w is one.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
