// Package dolibarr simulates the REST API of a Dolibarr: third parties and customer
// invoices, as far as whoever brings invoices there needs them.
//
// It behaves as Dolibarr's sources do (htdocs/api, api_invoices.class.php,
// api_thirdparties.class.php, and the classes Facture and Societe): who may call, the
// shape of errors, filters and pages of lists, what is refused and what is accepted
// without a word. In particular nothing there keeps two invoices from having one
// ref_client, amounts are computed anew from the lines, and of a credit note every
// amount is negative whatever was sent. It keeps its state in memory.
package dolibarr

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config of a Dolibarr: what its administrator chose.
type Config struct {
	Key string // DOLAPIKEY of its one user
	// Denied are rights that the user lacks: `societe lire`, `societe creer`, `facture
	// lire`, `facture creer`.
	Denied []string
	// EmptyInvoices404 answers a list of invoices without a match with 404, as older
	// versions do; newer ones give an empty list. Lists of third parties are always 404.
	EmptyInvoices404 bool
	CodeRequired     bool // customers need a code, as with the numbering module Elephant
	UniqueSIREN      bool // SOCIETE_IDPROF1_UNIQUE
	Now              func() time.Time
	// Break decides what goes wrong with a request; nil: nothing.
	Break func(r *http.Request) Break
}

// Break is what goes wrong with a request.
type Break int

// The ways in which a request goes wrong.
const (
	Nothing    Break = iota
	LoseAnswer       // it is done, and the connection breaks before the answer
	Drop             // the connection breaks before anything is done
	Busy             // 503 of the web server before it
)

// Server is one Dolibarr. It answers below /api/index.php.
type Server struct {
	Config
	mu       sync.Mutex
	parties  map[int]*Party
	invoices map[int]*Invoice
	credits  []*Credit // the first has ID 1
	calls    map[string]int
}

// Party is a third party.
type Party struct {
	ID                                 int
	Name, Code, SIREN, SIRET, VAT, Ext string
	Address, Zip, Town                 string
	Country, Client                    int
}

// Invoice is a customer invoice. Amounts are euro cents.
type Invoice struct {
	ID, Party, Type, Status, Source int // Type 0, 2 (credit note) or 3 (deposit); Status 0 draft, 1 validated, 2 closed
	Paid                            bool
	Ref, RefClient                  string
	Date, Due                       int64 // Unix seconds
	Net, Tax, Total                 int64
	Lines                           []Line
}

// Line is a line of an invoice.
type Line struct {
	Text            string
	Quantity, Price string
	Rate            string
	Net, Tax, Total int64
	Start, End      int64
	Credit          int // that it uses up
}

// Credit is a client's credit that came of an invoice (a row of societe_remise_except).
// Line is 0 until a line of an invoice uses it up; then it is the line's place among all.
type Credit struct {
	ID, Party, Source, Line int
	Text, Rate              string
	Net, Tax, Total         int64
}

// New makes a Dolibarr that is empty.
func New(c Config) *Server {
	return &Server{Config: c, parties: map[int]*Party{}, invoices: map[int]*Invoice{}, calls: map[string]int{}}
}

// AddParty enters a third party by hand, as in the browser.
func (s *Server) AddParty(p Party) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.ID = len(s.parties) + 1
	s.parties[p.ID] = &p
	return p.ID
}

// Edit changes an invoice by hand.
func (s *Server) Edit(id int, change func(*Invoice)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.invoices[id])
}

// Configure changes what the administrator chose.
func (s *Server) Configure(change func(*Config)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.Config)
}

// Parties are the third parties, by ID.
func (s *Server) Parties() []Party { return ordered(s, func() map[int]*Party { return s.parties }) }

// Invoices are the invoices, by ID.
func (s *Server) Invoices() []Invoice {
	return ordered(s, func() map[int]*Invoice { return s.invoices })
}

func ordered[T any](s *Server, of func() map[int]*T) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []T
	for _, id := range slices.Sorted(maps.Keys(of())) {
		all = append(all, *of()[id])
	}
	return all
}

// Calls counts the requests so far: `POST /invoices`.
func (s *Server) Calls(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// root is where the API lives.
const root = "/api/index.php"

// failure is a RestException.
type failure struct {
	status  int
	message string
	details []string
}

func (f *failure) Error() string { return f.message }

func fail(status int, message string, details ...string) error {
	return &failure{status, message, details}
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	way := Nothing
	if s.Break != nil {
		way = s.Break(r)
	}
	switch way {
	case Drop:
		panic(http.ErrAbortHandler)
	case Busy:
		http.Error(w, "<html><body><h1>503 Service Unavailable</h1></body></html>", http.StatusServiceUnavailable)
		return
	}
	rel, ok := strings.CutPrefix(r.URL.Path, root)
	if !ok {
		http.NotFound(w, r) // the web server's, in HTML
		return
	}
	parts := strings.Split(strings.Trim(rel, "/"), "/")
	if !slices.Contains([]string{"thirdparties", "invoices"}, parts[0]) {
		w.WriteHeader(http.StatusNotImplemented)
		fmt.Fprint(w, "API not found (failed to include API file)")
		return
	}
	result, err := s.answer(r, parts)
	if way == LoseAnswer {
		panic(http.ErrAbortHandler)
	}
	write(w, result, err)
}

func (s *Server) answer(r *http.Request, parts []string) (any, error) {
	if err := s.authenticate(r); err != nil {
		return nil, err
	}
	call := r.Method + " /" + parts[0]
	id := 0
	if len(parts) > 1 {
		call += "/{id}"
		var err error
		if id, err = strconv.Atoi(parts[1]); err != nil {
			return nil, fail(http.StatusBadRequest, "Invalid value specified for `id`. Expecting integer value")
		}
	}
	if len(parts) > 2 {
		call += "/" + parts[2]
	}
	credit := 0
	if len(parts) > 3 {
		call += "/{id}"
		var err error
		if credit, err = strconv.Atoi(parts[3]); err != nil {
			return nil, fail(http.StatusBadRequest, "Invalid value specified for `discountid`. Expecting integer value")
		}
	}
	s.calls[call]++
	switch call {
	case "GET /thirdparties":
		return s.listParties(r.URL.Query())
	case "GET /thirdparties/{id}":
		return s.party(id)
	case "POST /thirdparties":
		return s.createParty(r)
	case "GET /invoices":
		return s.listInvoices(r.URL.Query())
	case "GET /invoices/{id}":
		return s.invoice(id)
	case "POST /invoices":
		return s.createInvoice(r)
	case "POST /invoices/{id}/validate":
		return s.validate(id, r)
	case "GET /invoices/{id}/discount":
		return s.credit(id)
	case "POST /invoices/{id}/markAsCreditAvailable":
		return s.markAsCredit(id)
	case "POST /invoices/{id}/usediscount/{id}":
		return s.useCredit(id, credit)
	}
	return nil, fail(http.StatusNotFound, "")
}

// authenticate knows the header DOLAPIKEY, and Authorization: Bearer.
func (s *Server) authenticate(r *http.Request) error {
	key := r.Header.Get("DOLAPIKEY")
	if key == "" {
		key = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	switch {
	case key == "":
		return fail(http.StatusUnauthorized, "Failed to login to API. Neither parameter 'HTTP_DOLAPIKEY' nor 'Authentication: Bearer' found on HTTP header (and no parameter DOLAPIKEY in URL).")
	case subtle.ConstantTimeCompare([]byte(key), []byte(s.Key)) != 1:
		return fail(http.StatusUnauthorized, "Error user not valid (not found with api key or bad status or bad validity dates) (conf->entity=1)")
	}
	return nil
}

func (s *Server) may(right string) bool { return !slices.Contains(s.Denied, right) }

// write answers as Restler does: results as they are, errors under `error` with their
// details by number.
func write(w http.ResponseWriter, result any, err error) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	status := http.StatusOK
	if f, ok := err.(*failure); ok {
		status = f.status
		if status == http.StatusNotModified { // has no body
			w.WriteHeader(status)
			return
		}
		message := http.StatusText(status)
		if f.message != "" {
			message += ": " + f.message
		}
		body := map[string]any{"code": status, "message": message}
		for i, d := range f.details {
			body[strconv.Itoa(i)] = d
		}
		result = map[string]any{"error": body, "debug": map[string]any{"source": "api_invoices.class.php:302 at call stage", "stages": map[string]any{"success": []string{"get", "route", "negotiate", "authenticate", "validate"}, "failure": []string{"call", "message"}}}}
	}
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(result); err != nil {
		panic(http.ErrAbortHandler)
	}
}
