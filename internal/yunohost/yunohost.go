// Package yunohost speaks to one YunoHost server, through one of two doors: the
// guest agent of its VM, where "yunohost … --output-as json" runs as root, or
// HTTPS where the server can be reached.
//
// One request at a time goes to a server, reads included: overlapping ones get
// each other's answers. Every action is read back, because a failure may have
// done its work and a success may have done nothing. It decides nothing: what a
// server should be, and whether to try again, is for the rooms above. It never
// logs a body, nor keeps one in an error without taking password hashes out.
package yunohost

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Door carries one call to a server and brings back its JSON; null where there
// is none. Busy servers and lost answers are transient errors, refusals *Error.
type Door interface {
	Do(ctx context.Context, c Call) (json.RawMessage, error)
}

// Call is one action in both of its forms.
type Call struct {
	Name string // for errors: "import users"

	// For the guest agent: a command line, or a script of ours with its arguments.
	// Nothing secret stands in it; what is secret goes to the standard input.
	Command []string
	Script  string
	Args    []string
	Input   secret.Value
	// Once names a command that must not run twice: its result is kept in the
	// guest until the next boot, and given again when it is asked for again.
	Once string

	// For HTTPS.
	Method string
	Path   string // below /yunohost/api
	Form   url.Values
	File   secret.Value // sent as csvfile
}

// Server is one YunoHost. Its guest agent is always there for what only root can
// do; the actions of YunoHost go over HTTPS once UseHTTPS was called.
type Server struct {
	*Guest
	mu    sync.Mutex
	https Door
}

// New speaks to a server through the guest agent of its VM. run sets the
// commands of one operation apart from those of another.
func New(agent Agent, vmid int, clk clock.Clock, run string) *Server {
	return &Server{Guest: &Guest{Agent: agent, VMID: vmid, Clock: clk, Run: run}}
}

// UseHTTPS sends the actions of YunoHost over HTTPS from now on.
func (s *Server) UseHTTPS(c HTTPSConfig) { s.https = NewHTTPS(c) }

// do sends one call at a time and reads its answer into out, unless that is nil.
func (s *Server) do(ctx context.Context, c Call, out any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var door Door = s.Guest
	if s.https != nil {
		door = s.https
	}
	answer, err := door.Do(ctx, c)
	if err != nil {
		return fmt.Errorf("yunohost: %s: %w", c.Name, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("yunohost: %s: answer of %d bytes is not what was expected: %w", c.Name, len(answer), err)
	}
	return nil
}

// cli appends what makes the CLI speak JSON.
func cli(words ...string) []string {
	return append(append([]string{"yunohost"}, words...), "--output-as", "json")
}
