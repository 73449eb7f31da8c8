package controller

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

const sellerYAML = `seller:
  name: Accolade
  legal_form: SCIC SARL
  capital: capital variable
  address: [12 quai du Péristyle, 56100 Lorient]
  siren: 732829320
  rcs: Lorient
  vat_regime: normal
  vat_number: FR44732829320
  iban: FR7630006000011234567890189
  late_rate: trois fois le taux d'intérêt légal
`

// TestNoRouteChangesWhatIsIssued asks each route of the API that may change something,
// with the names of all that there is in its path, and with bodies that have every field
// of their description, and only those that must be there. Whatever they answer, an invoice and a credit note stay what they
// were. The commands of `accolade` have no other way in.
func TestNoRouteChangesWhatIsIssued(t *testing.T) {
	t.Chdir(t.TempDir()) // where a route may write a file
	dir, err := os.MkdirTemp("", "acc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "accoladed.yaml")
	if err := os.WriteFile(file, []byte(sellerYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, _, err := config.Load(config.Sources{File: file, Flags: map[string]string{"state": filepath.Join(dir, "state"), "socket": filepath.Join(dir, "s")}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Start(t.Context(), conf, Options{Version: "v1", Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	month := c.services.Book.Today().MonthOf().Add(-1)
	issue(t, c, month)
	invoices, err := c.services.Bills.Invoices(month)
	if err != nil || len(invoices) != 1 {
		t.Fatalf("%d invoices, want one (%v)", len(invoices), err)
	}
	number := invoices[0].Number
	before := paperOf(t, c, number)

	routes, schemas := described(t, conf.Socket)
	told := words{number: number, month: month.String(), today: c.services.Book.Today().String()}
	asked, done := 0, 0
	for _, r := range routes {
		for _, name := range []string{number, "kerlann", "kerlann-1", month.String(), "anne", "1", "X0001"} {
			if !strings.Contains(r.path, "{") && name != number {
				continue // a path without a name is asked once
			}
			did := false
			for _, whole := range []bool{true, false} {
				asked++
				did = r.ask(t, conf.Socket, name, body{told, schemas, whole}) < 300 || did
			}
			if did {
				done++
			}
			if is := paperOf(t, c, number); is != before {
				t.Fatalf("%s %s with %s changed %s:\nwas %s\nis  %s", r.method, r.path, name, number, before, is)
			}
		}
	}
	if len(routes) < 60 || done < 15 {
		t.Errorf("%d routes change something, and %d times one of %d requests did: that shows little", len(routes), done, asked)
	}
	t.Logf("%d routes, %d requests, %d times one did something", len(routes), asked, done)
}

// issue has a client, a contract of his, and an invoice for a month.
func issue(t *testing.T, c *Controller, month calendar.Month) {
	t.Helper()
	anne := contract.Actor{Who: "anne", From: "test"}
	_, err := c.services.Book.AddClient(anne, contract.Client{Name: "Kerlann", Kind: contract.Business, SIREN: "732829320", Address: contract.Address{Lines: []string{"1 rue du Port"}, PostCode: "56100", City: "Lorient"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.services.Book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Hour = contract.PriceOf(money.Cents(6000)); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err = c.services.Book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: month.First(), Employees: 3}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.services.Bills.Finalise(anne, month); err != nil {
		t.Fatal(err)
	}
}

// paperOf is all that an invoice is: what was frozen, its hash, and its paper.
func paperOf(t *testing.T, c *Controller, number string) string {
	t.Helper()
	inv, hash, err := c.services.Bills.Invoice(number)
	if err != nil {
		t.Fatal(err)
	}
	paper, err := c.services.Bills.Paper(number)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s %x", hash, text, paper)
}

// route is one that may change something, as the API describes it.
type route struct {
	method, path string
	query        []string
	kind         string // of the body; empty: none
	body         *schema
}

// schema is what the description says about a value.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any    // a word, or a list of words
	Format     string
	Enum       []any
	Properties map[string]*schema
	Required   []string
	Items      *schema
}

// described are the routes and the named schemas of /openapi.json.
func described(t *testing.T, socket string) (routes []route, schemas map[string]*schema) {
	t.Helper()
	res, err := dialer(socket).Get("http://x/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Required bool
			}
			RequestBody struct {
				Content map[string]struct{ Schema *schema }
			}
		}
		Components struct{ Schemas map[string]*schema }
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if method == "get" {
				continue
			}
			r := route{method: strings.ToUpper(method), path: path}
			for _, p := range op.Parameters {
				if p.In == "query" && p.Required {
					r.query = append(r.query, p.Name)
				}
			}
			for kind, content := range op.RequestBody.Content {
				r.kind, r.body = kind, content.Schema
			}
			routes = append(routes, r)
		}
	}
	slices.SortFunc(routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return routes, doc.Components.Schemas
}

func dialer(socket string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
}

var placeholder = regexp.MustCompile(`\{[^}]+\}`)

// ask sends the route's request with a name in its path, and returns the status of the
// answer.
func (r route) ask(t *testing.T, socket, name string, b body) int {
	t.Helper()
	query := url.Values{}
	for _, q := range r.query {
		query.Set(q, b.text(q))
	}
	var text []byte
	switch {
	case strings.Contains(r.kind, "json"):
		var err error
		if text, err = json.Marshal(b.value("", r.body, 0)); err != nil {
			t.Fatal(err)
		}
	case r.kind != "":
		text = []byte(name)
	}
	target := "http://x" + placeholder.ReplaceAllString(r.path, url.PathEscape(name)) + "?" + query.Encode()
	req, err := http.NewRequestWithContext(t.Context(), r.method, target, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	res, err := dialer(socket).Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)); err != nil {
		t.Logf("%s %s: %v", r.method, r.path, err) // an answer that goes on for as long as its work
	}
	return res.StatusCode
}

// words are texts that mean something to this controller.
type words struct{ number, month, today string }

// body makes bodies: whole ones with every field, others with those that must be there.
type body struct {
	words
	schemas map[string]*schema
	whole   bool
}

// text is one that a field of that name may take.
func (b body) text(field string) string {
	switch strings.ToLower(field) {
	case "client":
		return "kerlann"
	case "contract":
		return "kerlann-1"
	case "month", "first_month":
		return b.month
	case "invoice", "number":
		return b.number
	case "date", "on", "from", "start", "received", "signed", "until", "noticed", "day", "end", "since":
		return b.today
	case "rate", "vat":
		return "20"
	case "amount", "price", "cost":
		return "1.00"
	case "offer":
		return "classic"
	case "kind":
		return "accompaniment"
	case "mail", "to":
		return "a@kerlann.example"
	case "travel", "mode":
		return "bike"
	case "technician":
		return "anne"
	case "began", "at":
		return "10:00"
	case "due":
		return b.today
	case "currency":
		return "EUR"
	}
	return "kerlann"
}

// value is one that the schema allows.
func (b body) value(field string, s *schema, depth int) any {
	if s == nil || depth > 5 {
		return nil
	}
	if s.Ref != "" {
		return b.value(field, b.schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]], depth+1)
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind := fmt.Sprint(s.Type)
	switch {
	case strings.Contains(kind, "object"):
		all := map[string]any{}
		for name, of := range s.Properties {
			if name != "$schema" && (b.whole || slices.Contains(s.Required, name)) {
				all[name] = b.value(name, of, depth+1)
			}
		}
		return all
	case strings.Contains(kind, "array"):
		return []any{b.value(field, s.Items, depth+1)}
	case strings.Contains(kind, "integer"), strings.Contains(kind, "number"):
		return 1
	case strings.Contains(kind, "boolean"):
		return !b.whole // what is only tried (dry runs) changes nothing
	case s.Format == "date":
		return b.today
	case s.Format == "date-time":
		return b.today + "T12:00:00Z"
	}
	return b.text(field)
}
