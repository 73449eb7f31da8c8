package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/sim/dolibarr"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
	"codeberg.org/accolade/accolade/internal/sim/smtp"
)

// TestNoRouteChangesWhatIsIssued asks each route of the API that may change something, with
// requests that fit (see asks), in a controller that has issued invoices, a deposit invoice
// and a credit note. Whatever is done, they stay what they were: content, hash and paper. The
// commands of `accolade` have no other way in.
//
// A route counts when it did what it was asked at least once; a route of which no request does
// fails the test.
func TestNoRouteChangesWhatIsIssued(t *testing.T) {
	t.Chdir(t.TempDir()) // where a route may write a file
	w, ctx := newWorldSaying(t, sandbox.Options{Listen: "127.0.0.1:0", Reachable: true, Start: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}, settingsForAll(t))
	w.issue(ctx)
	before := w.papers()
	if len(before) != 7 {
		t.Fatalf("%d documents are issued, wanted are 7: %v", len(before), slices.Sorted(maps.Keys(before)))
	}
	unchanged := func(after string) {
		t.Helper()
		now := w.papers()
		for number, was := range before {
			if now[number] != was {
				t.Fatalf("%s changed %s:\nwas %s\nis  %s", after, number, was, now[number])
			}
		}
		before = now // what was issued meanwhile stays too
	}

	routes := w.writingRoutes()
	did, refused := map[string]bool{}, 0
	known := map[string]string{"box.token": w.info.PVE[0].Token, "box.url": w.info.PVE[0].URL, "box.fingerprint": w.info.PVE[0].Fingerprint, "sandbox": w.info.Control.URL,
		"vault.url": w.info.PBS.URL, "vault.fingerprint": w.info.PBS.Fingerprint, "vault.token": w.info.PBS.Token, "vault.datastore": w.info.PBS.Datastore}
	for _, a := range asks {
		status, answer := w.ask(ctx, a, known)
		unchanged(a.call)
		switch {
		case a.refused == "" && status < 300:
			did[routeOf(routes, a.call)] = true
		case a.refused != "" && status >= 400 && strings.Contains(answer, a.refused):
			refused++
		default:
			t.Errorf("%s %s: wanted is %q, got %d %s", a.call, a.body, a.refused, status, answer)
		}
	}
	for _, route := range routes {
		if !did[route] {
			t.Errorf("%s: no request to it did something: give asks one that does", route)
		}
	}
	t.Logf("%d requests to %d routes, each of which did something; %d were refused because of what is issued; %d documents stayed as they were",
		len(asks), len(routes), refused, len(before))
}

// settingsForAll is a configuration with all that the books can be connected to.
func settingsForAll(t *testing.T) string {
	dir := t.TempDir()
	key := filepath.Join(dir, "dolibarr.key")
	if err := os.WriteFile(key, []byte("8f2c0d1e\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(dolibarr.New(dolibarr.Config{Key: "8f2c0d1e", CodeRequired: true, Now: time.Now}))
	t.Cleanup(web.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay := smtp.New(smtp.Config{Now: time.Now, Content: func(m smtp.Mail) error {
		if strings.HasPrefix(m.To[0], "doubt") {
			return smtp.ErrHangUp
		}
		return nil
	}})
	go func() { _ = relay.Serve(listener) }()
	t.Cleanup(func() { relay.Close() })
	return fmt.Sprintf(`seller:
  name: Accolade
  legal_form: SCIC SARL
  capital: capital variable
  address: [12 quai du Péristyle, 56100 Lorient]
  siren: 732829320
  rcs: Lorient
  vat_regime: normal
  vat_number: FR44732829320
  iban: FR7630006000011234567890189
  bic: AGRIFRPP
  ics: FR72ZZZ123456
  late_rate: trois fois le taux d'intérêt légal
billing: {late_rates: 2026-01-01 12}
costs: {hour: "35", travel_hour: "45", vault_gb: "0.02", relay: "1.50", spare: "20", life: "96", upkeep: 30min}
platform: {url: "file://%s"}
dolibarr: {url: "%s", key_file: "%s"}
relay: {host: 127.0.0.1, port: %d, security: none, from: accolade@accolade.example}
`, dir, web.URL, key, listener.Addr().(*net.TCPAddr).Port)
}

// issue has two clients and their invoices of August and September, a deposit invoice, and
// a credit note: all kinds of documents.
func (w *world) issue(ctx context.Context) {
	w.t.Helper()
	anne := contract.Actor{Who: "anne", From: "test"}
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	book, bills := w.c.services.Book, w.c.services.Bills
	_, err := book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Hour = contract.PriceOf(6000); return nil })
	must(err)
	for _, name := range []string{"Kerlann", "Penmarch"} {
		id := strings.ToLower(name)
		_, err := book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue du Port"}, PostCode: "56100", City: "Lorient"}})
		must(err)
		_, err = book.AddContact(anne, id, contract.Contact{Name: "Anne", Mail: "anne@kerlann.example", Roles: []contract.Role{contract.Billing}})
		must(err)
		_, err = book.Sign(anne, contract.New{Client: id, Offer: "classic", Start: calendar.Date{Year: 2026, Month: 8, Day: 1}, Employees: 3})
		must(err)
	}
	for _, m := range []time.Month{time.August, time.September} {
		op, err := w.c.engine.Start(ctx, billing.Request(billing.FinaliseInput{Month: calendar.Month{Year: 2026, Month: m}}, anne))
		must(err)
		w.wait(ctx, op.ID)
	}
	_, err = bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "Acompte", Net: 50000})
	must(err)
	for _, number := range []string{"F2026-0001", "F2026-0002"} {
		_, err = bills.Credit(anne, billing.CreditInput{Invoice: number, Reason: "geste", Amounts: []billing.CreditAmount{{Net: 100, Text: "geste"}}})
		must(err)
	}
}

// papers is all that each issued document is, by number: what was frozen, its hash, and
// its paper.
func (w *world) papers() map[string]string {
	w.t.Helper()
	bills, all := w.c.services.Bills, map[string]string{}
	owed, err := bills.Receivables("", true)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range owed {
		numbers := []string{r.Invoice}
		for _, c := range r.Credits {
			numbers = append(numbers, c.Number)
		}
		for _, number := range numbers {
			inv, hash, err := bills.Invoice(number)
			if err != nil {
				w.t.Fatal(err)
			}
			paper, err := bills.Paper(number)
			if err != nil {
				w.t.Fatal(err)
			}
			text, err := json.Marshal(inv)
			if err != nil {
				w.t.Fatal(err)
			}
			all[number] = fmt.Sprintf("%s %s %x", hash, text, paper)
		}
	}
	return all
}

// writingRoutes are those of /openapi.json that may change something: METHOD PATTERN.
func (w *world) writingRoutes() (routes []string) {
	w.t.Helper()
	res, err := dialer(w.conf.Socket).Get("http://x/openapi.json")
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct{ Paths map[string]map[string]any }
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		w.t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			if method != "get" {
				routes = append(routes, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(routes)
	return routes
}

// routeOf is the route of a call; a pattern without names goes before one with them.
func routeOf(routes []string, call string) (found string) {
	call, _, _ = strings.Cut(call, "?")
	parts := strings.Split(call, "/")
	for _, r := range routes {
		fits := slices.EqualFunc(strings.Split(r, "/"), parts, func(pattern, part string) bool { return pattern == part || pattern[0] == '{' })
		if fits && (found == "" || strings.Count(r, "{") < strings.Count(found, "{")) {
			found = r
		}
	}
	return found
}

func dialer(socket string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
}

// ask sends a request, waits for the operation that it may start, and keeps what its answer
// is called.
func (w *world) ask(ctx context.Context, a ask, known map[string]string) (int, string) {
	w.t.Helper()
	if a.mail != "" {
		w.awaitMail(a.mail)
	}
	if err := w.story.Sleep(ctx, a.after); err != nil {
		w.t.Fatal(err)
	}
	fill := func(s string) string { return os.Expand(s, func(name string) string { return known[name] }) }
	method, path, _ := strings.Cut(fill(a.call), " ")
	body := fill(a.body)
	req, err := http.NewRequestWithContext(w.t.Context(), method, "http://x"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if body != "" && !strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	var res *http.Response
	var text []byte
	send := func() {
		if res, err = dialer(w.conf.Socket).Do(req); err == nil {
			defer res.Body.Close()
			text, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
		}
	}
	if a.slow {
		w.story.Idle(ctx, send)
	} else {
		send()
	}
	if err != nil {
		w.t.Fatalf("%s: %v", a.call, err)
	}
	type named struct {
		ID, Number string
		Operation  *operation.Operation
	}
	var all []named
	if json.Unmarshal(text, &all) != nil || len(all) == 0 {
		all = make([]named, 1)
		_ = json.Unmarshal(text, &all[0]) // a file has no name
	}
	answer := all[0]
	if a.as != "" {
		known[a.as] = cmp.Or(answer.ID, answer.Number)
	}
	if answer.Operation != nil {
		answer.ID = answer.Operation.ID
	}
	if _, err := w.c.engine.Get(answer.ID); err == nil && !a.runs {
		if op := w.wait(ctx, answer.ID); (op.State != operation.Done) != a.fails {
			w.t.Errorf("%s: the operation is %s: %v", a.call, op.State, op.Problem)
		}
	}
	return res.StatusCode, string(text)
}

func (w *world) awaitMail(state string) {
	w.t.Helper()
	id, want, _ := strings.Cut(state, " ")
	client, err := api.NewClient(api.Options{Socket: w.conf.Socket})
	if err != nil {
		w.t.Fatal(err)
	}
	for {
		m, err := client.Mail(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if string(m.State) == want {
			return
		}
	}
}
