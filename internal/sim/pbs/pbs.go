// Package pbs simulates one Proxmox Backup Server, as strict as the real one: its
// wire, its rules for parameters, users, tokens and permissions, datastores with
// namespaces, groups and snapshots, and tasks that take time.
//
// It holds backups as package archive describes them, and knows nothing of the
// machines that they came from nor of the programs that call it. A method of the
// official API description that is not simulated answers 501 with its name.
package pbs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// World is the simulated time that a server lives in; simtime.World is one.
type World interface {
	Now() time.Time
	Poke()
}

// Config is what a new server is made of.
type Config struct {
	Name  string // the node's name; "" for "pbs"
	World World  // time; required
	Seed  uint64 // all that looks random comes from it
	Zone  string // IANA name of its time zone; "" for Europe/Paris

	// Report is told, for tests, how an answer differs from the official description;
	// nil: nobody looks.
	Report func(fault string)
}

// Server is one simulated backup server. All its state is plain data that survives
// MarshalJSON and UnmarshalJSON at any instant.
type Server struct {
	mu    sync.Mutex
	world World
	at    address
	state state

	report func(string)
}

// address is where boxes reach the server, and what they pin.
type address struct {
	host        string
	port        int
	fingerprint string
}

// state is a server at rest.
type state struct {
	Name       string                `json:"name"`
	Seed       uint64                `json:"seed"`
	Zone       string                `json:"zone"`
	Now        time.Time             `json:"now"` // up to which the state is true
	Access     access                `json:"access"`
	Datastores map[string]*datastore `json:"datastores"`
	Tasks      []*task               `json:"tasks"`
	Jobs       jobs                  `json:"jobs"`
	LastPID    int                   `json:"last_pid"`
}

// New makes a server as a fresh installation leaves it: root@pam, and no datastore.
func New(cfg Config) *Server {
	if cfg.Name == "" {
		cfg.Name = "pbs"
	}
	if cfg.Zone == "" {
		cfg.Zone = "Europe/Paris"
	}
	return &Server{world: cfg.World, report: cfg.Report, state: state{
		Name: cfg.Name, Seed: cfg.Seed, Zone: cfg.Zone, Now: cfg.World.Now(),
		Access: newAccess(), Datastores: map[string]*datastore{}, Jobs: newJobs(), LastPID: 700,
	}}
}

// Listens tells under which address boxes reach the server, and the fingerprint of
// its certificate (upper-case hex pairs with colons).
func (s *Server) Listens(host string, port int, fingerprint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = address{host: host, port: port, fingerprint: fingerprint}
}

// AddDatastore makes a datastore of a size in bytes; one of that name stays as it is.
func (s *Server) AddDatastore(name string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Datastores[name] == nil {
		s.state.Datastores[name] = newDatastore(size)
	}
}

// MarshalJSON gives the server's whole state as of its last change.
func (s *Server) MarshalJSON() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.state)
}

// UnmarshalJSON replaces the server's state by a saved one. Its world and its
// address stay.
func (s *Server) UnmarshalJSON(data []byte) error {
	var saved state
	saved.Jobs = newJobs()
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("saved backup server: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = saved
	return nil
}

// NextEvent is the earliest instant at which the state changes by itself.
func (s *Server) NextEvent() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextEvent()
}

// Advance does everything that is due up to and including now, in order.
func (s *Server) Advance(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(now)
}

func (s *Server) advance(now time.Time) {
	for {
		next := s.nextEvent()
		if next.IsZero() || next.After(now) {
			break
		}
		if next.Before(s.state.Now) {
			next = s.state.Now // never backwards
		}
		s.state.Now = next
		s.runDue(next)
	}
	if now.After(s.state.Now) {
		s.state.Now = now
	}
}

// zone is the server's time zone; one that does not exist reads as UTC.
func (s *Server) zone() *time.Location {
	zone, err := time.LoadLocation(s.state.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// failure is an error of the API: a status and a text, which is the whole body.
type failure struct {
	Status int
	Text   string
}

func (f *failure) Error() string { return f.Text }

// failf is an error inside a call, which this server answers by 400.
func failf(format string, args ...any) error {
	return &failure{Status: http.StatusBadRequest, Text: fmt.Sprintf(format, args...)}
}

// denied is a 403.
func denied(format string, args ...any) error {
	return &failure{Status: http.StatusForbidden, Text: fmt.Sprintf(format, args...)}
}
