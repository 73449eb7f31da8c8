// Package server is the controller's end of the API: routes, who may call them, and
// what is recorded about each call. Each noun is one file with one register method,
// listed in register below; a handler translates between the wire and one domain
// service and holds no rule of the domain itself.
//
// On the way in a request passes, in this order: recovery and log, body limit and
// time-out, authentication (peer of the unix socket, or bearer token), the route's
// roles, validation from the Go types, the handler, the audit. On the way out every
// error is application/problem+json; what no type explains is "internal", and its
// text goes to the log alone.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/agreement"
	"codeberg.org/accolade/accolade/internal/billing/dolibarr"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/billing/mailing"
	"codeberg.org/accolade/accolade/internal/billing/platform"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
	"codeberg.org/accolade/accolade/internal/headcount"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/report"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/watch"
	"codeberg.org/accolade/accolade/provisioning"
)

// Services are the doors to the domain that routes lead to. The controller fills
// them all; a test fills those it needs.
type Services struct {
	Store        store.DB
	Operations   *operation.Engine
	Schedule     *schedule.Scheduler
	Tokens       *Tokens
	Book         *contract.Book
	Ledger       *support.Ledger
	Bills        *billing.Service
	Quotes       *quote.Service
	Agreements   *agreement.Service
	Exports      *export.Books
	Mails        *mail.Queue
	Mailing      *mailing.Service
	Platform     *platform.Service
	Dolibarr     *dolibarr.Service
	Fleet        *fleet.Registry
	Enrol        *enrol.Service
	Provisioning *provisioning.Service
	Backups      *backup.Service
	Headcounts   *headcount.Reconciler
	Reports      *report.Service
	Watch        []watch.Named // of the table of the morning, the most urgent matter first
	Settings     Settings
}

// Settings of the controller, as routes need them.
type Settings interface {
	Origins() []config.Origin
	Reload() ([]config.Change, error)
}

// register lists every noun's routes.
func (s *Server) register() {
	s.registerVersion()
	s.registerTokens()
	s.registerConfig()
	s.registerStore()
	s.registerSchedule()
	s.registerAudit()
	s.registerOperations()
	s.registerSites()
	s.registerVaults()
	s.registerBoxes()
	s.registerServers()
	s.registerBackups()
	s.registerClients()
	s.registerOffers()
	s.registerContracts()
	s.registerQuotes()
	s.registerAgreements()
	s.registerHeadcounts()
	s.registerExtras()
	s.registerAdvances()
	s.registerHours()
	s.registerPlans()
	s.registerMonths()
	s.registerInvoices()
	s.registerMails()
	s.registerExports()
	s.registerPayments()
	s.registerDebits()
	s.registerStatements()
	s.registerReminders()
	s.registerMargin()
	s.registerLetters()
	s.registerStatus()
}

// Options of a Server. All but Services are needed.
type Options struct {
	Services Services
	Clock    clock.Clock
	Log      *slog.Logger
	Version  string // of the controller's program
	Timezone string // of its schedules
	Sandbox  string // control URL of the sandbox it lives in, if any
	// Tokens finds the technician behind a bearer token.
	Tokens TokenBook
	// Audit records a mutating call in a transaction of Services.Store.
	Audit func(tx store.Tx, r Recorded) error
	// SocketRole is the role of those who may open the unix socket, other than root
	// and the controller's own user, who are admins.
	SocketRole Role
	// Stopping ends streams when the controller stops; calls in progress may end by
	// themselves. Nil is never.
	Stopping context.Context
}

// Server answers the API. Its Handler goes into an http.Server whose ConnContext is
// ConnContext.
type Server struct {
	Services
	clock      clock.Clock
	log        *slog.Logger
	self       api.Version // what the controller says about itself
	tokens     TokenBook
	audit      func(tx store.Tx, r Recorded) error
	socketRole Role
	stopping   context.Context
	failures   *failures
	mux        *http.ServeMux
	api        huma.API
	routes     map[string]route // by operation id
}

// New builds the routes.
func New(o Options) *Server {
	s := &Server{
		Services: o.Services, clock: o.Clock, log: o.Log, self: api.Version{Version: o.Version, Timezone: o.Timezone, Sandbox: o.Sandbox}, tokens: o.Tokens, audit: o.Audit,
		socketRole: o.SocketRole, stopping: o.Stopping, failures: newFailures(), mux: http.NewServeMux(), routes: map[string]route{},
	}
	if s.socketRole == "" {
		s.socketRole = Admin
	}
	if s.stopping == nil {
		s.stopping = context.Background()
	}
	conf := huma.DefaultConfig("Accolade controller", o.Version)
	conf.Info.Description = "The API of accoladed. Errors are problem documents whose code is stable. Roles that may call a route stand under x-roles."
	conf.Info.License = &huma.License{Name: "GPL-3.0-or-later", Identifier: "GPL-3.0-or-later"}
	conf.DocsPath, conf.SchemasPath = "", ""
	conf.CreateHooks = nil // no $schema links in answers
	conf.RejectUnknownQueryParameters = true
	for name, format := range conf.Formats {
		format.Unmarshal = onlyUTF8(format.Unmarshal)
		conf.Formats[name] = format
	}
	conf.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "a technician's token (accolade token add); not needed on the unix socket"},
	}
	s.api = humago.New(s.mux, conf)
	s.register()
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, &api.Error{Status: http.StatusNotFound, Code: api.CodeNotFound, Detail: "no route " + r.Method + " " + r.URL.Path,
			Fix: "see /openapi.json for the routes that this controller has"})
	})
	return s
}

// onlyUTF8 refuses a body that is not UTF-8, of which the decoder would silently make
// replacement characters.
func onlyUTF8(unmarshal func([]byte, any) error) func([]byte, any) error {
	return func(data []byte, v any) error {
		if !utf8.Valid(data) {
			return errors.New("the body is not UTF-8")
		}
		return unmarshal(data, v)
	}
}

// Handler is the whole chain.
func (s *Server) Handler() http.Handler {
	return s.recovered(s.limited(s.authenticated(drained(s.mux))))
}

// OpenAPI is the document of all routes.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

// requestTimeout bounds a call that is no stream; longer work is an operation.
const requestTimeout = 2 * time.Minute

// bodyLimit is the largest request body unless the route says otherwise, in bytes.
const bodyLimit = 1 << 20
