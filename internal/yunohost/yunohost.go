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
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/rest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Door carries calls to a server, one after the other whatever comes of those before,
// and brings their replies back. Busy servers and lost answers are transient errors,
// refusals are *failure.
type Door interface {
	Do(ctx context.Context, calls ...Call) []Reply
}

// Reply is what came of a call: JSON, null where there is none, or an error.
type Reply struct {
	Call   Call
	Answer json.RawMessage
	Err    error
}

// Read reads the answer into out, unless that is nil.
func (r Reply) Read(out any) error {
	if r.Err != nil {
		return fmt.Errorf("yunohost: %s: %w", r.Call.Name, r.Err)
	}
	if out == nil {
		return nil
	}
	if err := rest.Decode(r.Answer, out); err != nil {
		return fmt.Errorf("yunohost: %s: answer of %d bytes is not what was expected: %w", r.Call.Name, len(r.Answer), err)
	}
	return nil
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
	// Kind and Least foretell its duration, as in poll.Work.
	Kind  string
	Least time.Duration

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
func (s *Server) UseHTTPS(c HTTPSConfig) { s.https = newHTTPS(c) }

// do sends one call and reads its answer into out, unless that is nil.
func (s *Server) do(ctx context.Context, c Call, out any) error {
	return s.ask(ctx, c)[0].Read(out)
}

// ask sends calls, one at a time; through the guest agent they are one command.
func (s *Server) ask(ctx context.Context, calls ...Call) []Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var door Door = s.Guest
	if s.https != nil {
		door = s.https
	}
	return door.Do(ctx, calls...)
}

// cli appends what makes the CLI speak JSON.
func cli(words ...string) []string {
	return append(append([]string{"yunohost"}, words...), "--output-as", "json")
}
