// Package sandbox puts the simulated counterparts together into one small world:
// boxes, a vault, a relay, and a control address for what a real world does not
// have (time that can be held, faults, the mail that went out).
//
// It owns addresses, start and stop, and the world's saved state. What the
// counterparts answer is theirs. Nothing but tests and `accolade sandbox` uses it.
package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/archive"
	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/sim/pbs"
	"codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/sim/simtime"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
)

// Options of a sandbox; zero values are the defaults of `accolade sandbox`.
type Options struct {
	Boxes   int       // number of boxes; 0 for 1
	Version string    // of Proxmox VE: "8.4" or "9.2"; "" for 9.2
	Listen  string    // address of the first box; "" for 127.0.0.1:18006; port 0: any free ports
	State   string    // folder that keeps the state; "" for none
	Speed   float64   // simulated seconds per real one; 0 for 1
	Seed    uint64    // all that looks random comes from it; 0 for 1
	Start   time.Time // first simulated instant; zero for the present
	// Hold has time stand still from the first instant on: the participant Holder holds
	// it, until it waits or is taken off.
	Hold bool
	// Reachable lets the new boxes' sites take ports 80 and 443 to their server, so that
	// Let's Encrypt and the proxy for HTTPS reach it.
	Reachable bool
	// Box changes what a new box is made of, for tests of refusals.
	Box func(*pve.Config)
	// Report is told, for tests, how an answer differs from the official API
	// description.
	Report func(fault string)
	Log    *slog.Logger
}

func (o *Options) defaults() error {
	if o.Boxes == 0 {
		o.Boxes = 1
	}
	if o.Version == "" {
		o.Version = "9.2"
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:18006"
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Boxes < 1 || o.Boxes > MostBoxes:
		return fmt.Errorf("boxes: %d is not between 1 and %d", o.Boxes, MostBoxes)
	case !slices.Contains(Versions, o.Version):
		return fmt.Errorf("pve: %q is not simulated: allowed are %s", o.Version, strings.Join(Versions, " and "))
	case o.Speed < 0 || o.Speed > Fastest:
		return fmt.Errorf("speed: %v is not above 0 and at most %d", o.Speed, Fastest)
	}
	return nil
}

// Versions are those of Proxmox VE that are simulated.
var Versions = []string{"8.4", "9.2"}

// Bounds of Options.
const (
	MostBoxes = 1000
	Fastest   = 1_000_000 // simulated seconds in a real one
)

// Holder is the participant that holds the time of a sandbox with Options.Hold.
const Holder = "hold"

// Sandbox is a running one.
type Sandbox struct {
	opts    Options
	world   *simtime.World
	faults  *fault.Set
	secrets secrets
	boxes   []*pve.Box
	vault   *pbs.Server
	relay   *smtp.Relay
	info    Info

	gates   map[string]*gate
	servers []*http.Server
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	failed  chan error // the first failure of a part that runs
}

// Names of the counterparts in faults; boxes are named pve1, pve2, …
const (
	vaultName   = "vault"
	relayName   = "relay"
	controlName = "control"
)

// Start brings a sandbox up. When it returns, all addresses answer. Close ends it.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	if err := opts.defaults(); err != nil {
		return nil, err
	}
	s := &Sandbox{
		opts: opts, faults: new(fault.Set), gates: make(map[string]*gate), failed: make(chan error, 1),
	}
	saved, err := load(opts.State)
	if err != nil {
		return nil, err
	}
	if err := s.build(saved); err != nil {
		s.closeGates()
		return nil, err
	}
	s.faults.OnChange(s.applyRefusals)
	s.faults.OnEnd(s.mend)
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.wg.Go(func() { s.fail(s.world.Run(run)) })
	if opts.State != "" {
		s.wg.Go(func() { s.saveRegularly(run) })
	}
	return s, nil
}

func (s *Sandbox) build(saved *state) error {
	start := s.opts.Start
	if saved != nil {
		start = saved.Now
		s.secrets = saved.Secrets
	} else {
		sec, err := newSecrets(s.opts.Seed, append(s.boxNames(), vaultName))
		if err != nil {
			return err
		}
		s.secrets = sec
	}
	held := ""
	if s.opts.Hold {
		held = Holder
	}
	s.world = simtime.New(simtime.Options{Start: start, Speed: s.opts.Speed, Held: held})
	addrs, err := s.listenAll()
	if err != nil {
		return err
	}
	s.info.Control.URL = "http://" + addrs[controlName]
	if err := s.buildVault(addrs[vaultName], saved); err != nil {
		return err
	}
	if err := s.buildBoxes(addrs, saved); err != nil {
		return err
	}
	if err := s.buildRelay(addrs[relayName], saved); err != nil {
		return err
	}
	door := newProxy(s)
	s.servers = append(s.servers, door.server)
	s.wg.Go(func() {
		if err := door.server.ServeTLS(door, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("servers behind the boxes: %w", err))
		}
	})
	return s.serve(controlName, door.or(s.control()), nil)
}

// listenAll takes consecutive ports: the boxes, then vault, relay and control.
func (s *Sandbox) listenAll() (map[string]string, error) {
	host, portText, err := net.SplitHostPort(s.opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %q is not HOST:PORT: %w", s.opts.Listen, err)
	}
	port, err := strconv.Atoi(portText)
	names := append(s.boxNames(), vaultName, relayName, controlName)
	if err != nil || port < 0 || port+len(names)-1 > 65535 {
		return nil, fmt.Errorf("listen: port %q: %d ports are needed from there on, the last at most 65535", portText, len(names))
	}
	addrs := make(map[string]string)
	for i, name := range names {
		p := port
		if port != 0 {
			p += i
		}
		g, err := listen(net.JoinHostPort(host, strconv.Itoa(p)))
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", name, err)
		}
		s.gates[name] = g
		addrs[name] = g.addr
	}
	return addrs, nil
}

func (s *Sandbox) boxNames() (names []string) {
	for i := range s.opts.Boxes {
		names = append(names, "pve"+strconv.Itoa(i+1))
	}
	return names
}

// Failed delivers the first failure of a part that runs by itself.
func (s *Sandbox) Failed() <-chan error { return s.failed }

func (s *Sandbox) fail(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	s.opts.Log.Error("sandbox", "err", err)
	select {
	case s.failed <- err:
	default:
	}
}

// World is the sandbox's time.
func (s *Sandbox) World() *simtime.World { return s.world }

// Faults are the rules in force.
func (s *Sandbox) Faults() *fault.Set { return s.faults }

// Box is the i-th box, from 0.
func (s *Sandbox) Box(i int) *pve.Box { return s.boxes[i] }

// Vault is the simulated backup server.
func (s *Sandbox) Vault() *pbs.Server { return s.vault }

// Relay is the simulated mail relay.
func (s *Sandbox) Relay() *smtp.Relay { return s.relay }

// Info is what a client needs to know; see Info.
func (s *Sandbox) Info() Info { return s.info }

// Close stops everything and saves the state once more.
func (s *Sandbox) Close() error {
	s.cancel()
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	if s.relay != nil {
		errs = append(errs, s.relay.Close())
	}
	s.closeGates()
	s.wg.Wait()
	if s.opts.State != "" {
		errs = append(errs, s.save())
	}
	return errors.Join(errs...)
}

func (s *Sandbox) closeGates() {
	for _, g := range s.gates {
		_ = g.Close() // what it was to do is done
	}
}

// serve answers at a name's address through the faults; with a certificate, by TLS.
func (s *Sandbox) serve(name string, h http.Handler, cert *pve.Certificate) error {
	srv := &http.Server{
		Handler:           s.faults.Wrap(name, h, s.machineFault(name)),
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // resets are the sandbox's daily bread
	}
	if name == controlName {
		srv.Handler = h
	}
	if cert != nil {
		config, err := cert.Config()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		srv.TLSConfig = config
		srv.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){} // HTTP/1.1 only
	}
	s.servers = append(s.servers, srv)
	g := s.gates[name]
	s.wg.Go(func() {
		var err error
		if cert != nil {
			err = srv.ServeTLS(g, "", "")
		} else {
			err = srv.Serve(g)
		}
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
	return nil
}

// applyRefusals shuts the addresses at which nobody is to listen, and opens the others.
func (s *Sandbox) applyRefusals() {
	for name, g := range s.gates {
		if name == controlName {
			continue
		}
		if s.faults.Refusing(name) {
			g.shut()
		} else if err := g.open(); err != nil {
			s.fail(fmt.Errorf("listen again for %s: %w", name, err))
		}
	}
}

// network is how boxes reach the vault: not at all while nobody listens there.
type network struct {
	archive.Network
	sandbox *Sandbox
}

func (n network) Open(server string, port int, fingerprint, username, password, datastore, namespace string) (archive.Session, error) {
	if n.sandbox.faults.Refusing(vaultName) {
		return nil, &archive.Error{Text: fmt.Sprintf("Can't connect to %s:%d (Connection refused)", server, port)}
	}
	session, err := n.Network.Open(server, port, fingerprint, username, password, datastore, namespace)
	if err != nil {
		return nil, err
	}
	return session, nil
}
