package quote

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/contract"
)

// Request is what an equal quote could be made from.
func (q Quote) Request() Request {
	r := Request{Client: q.Client, Offer: q.Offer.Name, Version: q.Offer.Version, Employees: q.Employees, Why: q.Why, Start: q.Start, Valid: q.Valid,
		Charges: q.Charges, Discounts: q.Discounts, Note: q.Note}
	if r.Client == "" {
		r.Prospect = q.Prospect
	}
	return r
}

// YAML writes a request that passed Check: Parse gives it back, equal in each field.
func (r Request) YAML() []byte {
	var w writer
	if r.Prospect != nil {
		w.prospect(*r.Prospect)
	} else {
		w.text("", "client", r.Client)
	}
	w.text("", "offer", r.Offer)
	if r.Version > 0 {
		w.line("version: %d", r.Version)
	}
	if r.Employees != 0 {
		w.line("employees: %d", r.Employees)
	}
	w.text("", "why", r.Why)
	w.line("start: %s", r.Start)
	if !r.Valid.IsZero() {
		w.line("valid: %s", r.Valid)
	}
	w.items("charges", "text", r.Charges)
	w.items("discounts", "reason", r.Discounts)
	w.text("", "note", r.Note)
	return w.Bytes()
}

// writer writes YAML. Whatever somebody typed stands in double quotes, where JSON's
// escapes hold too.
type writer struct{ bytes.Buffer }

func (w *writer) line(form string, args ...any) {
	fmt.Fprintf(w, form+"\n", args...)
}

// text writes a field unless it is empty.
func (w *writer) text(indent, key, value string) {
	if value != "" {
		w.line("%s%s: %s", indent, key, quoted(value))
	}
}

func (w *writer) list(indent, key string, values []string) {
	var all []string
	for _, v := range values {
		all = append(all, quoted(v))
	}
	if all != nil {
		w.line("%s%s: [%s]", indent, key, strings.Join(all, ", "))
	}
}

func (w *writer) items(key, text string, items []Item) {
	if len(items) == 0 {
		return
	}
	w.line("%s:", key)
	for _, i := range items {
		w.line("  - %s: %s", text, quoted(i.Text))
		w.line("    net: %s", i.Net.Decimal())
	}
}

func (w *writer) prospect(c contract.Client) {
	const indent = "  "
	w.line("prospect:")
	w.text(indent, "id", c.ID)
	w.text(indent, "name", c.Name)
	w.text(indent, "kind", string(c.Kind))
	w.text(indent, "siren", c.SIREN)
	w.text(indent, "siret", c.SIRET)
	w.text(indent, "rna", c.RNA)
	w.text(indent, "vat_number", c.VATNumber)
	w.text(indent, "language", c.Language)
	w.address("address", c.Address)
	if c.Delivery != nil {
		w.address("delivery", *c.Delivery)
	}
	if len(c.Contacts) > 0 {
		w.line("  contacts:")
	}
	for _, p := range c.Contacts {
		w.line("    - name: %s", quoted(p.Name))
		var roles []string
		for _, r := range p.Roles {
			roles = append(roles, string(r))
		}
		w.list("      ", "roles", roles)
		w.text("      ", "mail", p.Mail)
		w.text("      ", "phone", p.Phone)
	}
}

func (w *writer) address(key string, a contract.Address) {
	w.line("  %s:", key)
	w.list("    ", "lines", a.Lines)
	w.text("    ", "postcode", a.PostCode)
	w.text("    ", "city", a.City)
	w.text("    ", "country", a.Country)
}

// quoted writes a text as JSON does, which YAML reads too.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // a string always has a form in JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
