package dolibarr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/money"
)

// Sent tells what became of a document.
type Sent struct {
	Number  string `json:"number"`
	ID      int64  `json:"id"`      // of the invoice in Dolibarr
	Created bool   `json:"created"` // else it was there
	// Validated says that it is validated now, by us or before.
	Validated bool `json:"validated"`
}

// party is a third party.
type party struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	SIREN string `json:"idprof1"`
}

// invoice is an invoice, as far as we look at it.
type invoice struct {
	ID     int64       `json:"id"`
	Ref    string      `json:"ref"`
	Client string      `json:"ref_client"`
	Party  int64       `json:"socid"`
	Type   int64       `json:"type"`
	Status int64       `json:"statut"`
	Total  string      `json:"total_ttc"`
	Lines  []lineThere `json:"lines"`
}

// lineThere is a line of an invoice in Dolibarr.
type lineThere struct {
	Credit int64 `json:"fk_remise_except"` // that it uses up; 0: it is no such line
}

// Types and states of invoices there.
const (
	standard   = 0
	creditNote = 2
	deposit    = 3
	draft      = 0
)

// Send brings a document into Dolibarr unless it is there, as a draft or validated. It
// may be called again after any failure. What has to be mended by somebody is a
// *Refusal.
func (c *Client) Send(ctx context.Context, d books.Document, validate bool) (Sent, error) {
	sent := Sent{Number: d.Number}
	there, found, err := c.find(ctx, d)
	if err != nil {
		return sent, err
	}
	if !found || there.Status == draft {
		use, err := c.credits(ctx, d, there)
		if err != nil {
			return sent, err
		}
		if !found {
			if there, err = c.create(ctx, d, use); err != nil {
				return sent, err
			}
			sent.Created = true
		}
		if there, err = c.takeOff(ctx, d, there, use); err != nil {
			return sent, err
		}
	}
	sent.ID = there.ID
	if err := same(d, there); err != nil {
		return sent, err
	}
	if sent.Validated = there.Status != draft; sent.Validated || !validate {
		return sent, nil
	}
	if err := c.validate(ctx, d, there); err != nil {
		return sent, err
	}
	sent.Validated = true
	return sent, nil
}

// find looks for the invoice that bears our number. Nothing in Dolibarr keeps two from
// bearing it.
func (c *Client) find(ctx context.Context, d books.Document) (invoice, bool, error) {
	all, err := list[invoice](ctx, c, "/invoices", "(t.ref_client:=:'"+d.Number+"')")
	if err != nil || len(all) == 0 {
		return invoice{}, false, err
	}
	if len(all) > 1 {
		var ids []string
		for _, i := range all {
			ids = append(ids, fmt.Sprint(i.ID))
		}
		return invoice{}, false, &Refusal{d.Number, "Dolibarr has several invoices with this customer reference: " + strings.Join(ids, ", "), "delete there all but one"}
	}
	return all[0], true, nil
}

// same compares what is there with what we know.
func same(d books.Document, i invoice) error {
	want := money.Cents(d.Sign()) * d.Total
	kind := typeOf(d)
	got := cents(i.Total)
	switch {
	case i.Type != kind:
		return &Refusal{d.Number, fmt.Sprintf("the invoice %d with this customer reference is of type %d in Dolibarr, wanted is %d", i.ID, i.Type, kind), "correct or delete it there"}
	case got != want:
		return &Refusal{d.Number, fmt.Sprintf("the invoice %d comes to %s in Dolibarr, ours to %s", i.ID, got, want), "delete the draft there, or correct it: an invoice that was sent never changes"}
	case i.Status != draft && i.Ref != d.Number:
		return &Refusal{d.Number, fmt.Sprintf("the invoice %d was validated in Dolibarr under another number, %s", i.ID, i.Ref), "set it back to draft there: an invoice has one number"}
	}
	return nil
}

// typeOf is the type of a document there.
func typeOf(d books.Document) int64 {
	switch d.Kind {
	case books.CreditNote:
		return creditNote
	case books.Deposit:
		return deposit
	}
	return standard
}

// create makes the invoice, but for the credits that it uses up.
func (c *Client) create(ctx context.Context, d books.Document, use []int64) (invoice, error) {
	client, err := c.party(ctx, d)
	if err != nil {
		return invoice{}, err
	}
	lines := linesOf(before(d, func(i int) bool { return use[i] != 0 }))
	if lines == nil && len(d.Lines) > 0 {
		return invoice{}, &Refusal{d.Number, "a credit note in Dolibarr has no line that counts the other way", "enter it there by hand, with " + d.Number + " as customer reference"}
	}
	body := map[string]any{"socid": client, "type": typeOf(d), "ref_client": d.Number, "date": noon(d.Date), "date_lim_reglement": noon(d.Due), "lines": lines}
	if d.Kind == books.CreditNote {
		source, found, err := c.find(ctx, books.Document{Number: d.Refers})
		if err != nil {
			return invoice{}, err
		}
		if !found {
			return invoice{}, &Refusal{d.Number, "the invoice that it takes back, " + d.Refers + ", is not in Dolibarr", "bring its month there first"}
		}
		body["fk_facture_source"] = source.ID
	}
	var id int64
	if err := c.post(ctx, "/invoices", body, &id); err != nil {
		return invoice{}, refused(d, err)
	}
	var made invoice
	return made, c.get(ctx, fmt.Sprintf("/invoices/%d", id), nil, &made)
}

// validate gives the invoice our number. A Dolibarr that says that nothing was done has
// done it before.
func (c *Client) validate(ctx context.Context, d books.Document, i invoice) error {
	var done invoice
	err := c.post(ctx, fmt.Sprintf("/invoices/%d/validate", i.ID), map[string]any{"force_number": d.Number, "idwarehouse": 0, "notrigger": 0}, &done)
	if failed, ok := errors.AsType[*Failed](err); ok && failed.Status == http.StatusNotModified {
		return nil
	}
	return refused(d, err)
}

// refused makes a refusal of what Dolibarr does not take of a document.
func refused(d books.Document, err error) error {
	failed, ok := errors.AsType[*Failed](err)
	if !ok || failed.Foreign || errors.Is(err, ErrKey) {
		return err
	}
	return &Refusal{d.Number, "Dolibarr does not take it: " + failed.Reason, "mend it in Dolibarr"}
}

// party finds the third party of a document: by SIREN, or for those without one by our
// own identifier. It makes one that is not there.
func (c *Client) party(ctx context.Context, d books.Document) (int64, error) {
	filter := "(t.ref_ext:=:'" + external(d.Client) + "')"
	if d.Client.SIREN != "" { // people write it in groups of three
		s := d.Client.SIREN
		filter = "(t.siren:like:'" + s[:3] + "%" + s[3:6] + "%" + s[6:] + "')"
	}
	all, err := list[party](ctx, c, "/thirdparties", filter)
	if err != nil {
		return 0, err
	}
	var ids []string
	var id int64
	for _, p := range all {
		if d.Client.SIREN == "" || strings.Join(strings.Fields(p.SIREN), "") == d.Client.SIREN {
			id = p.ID
			ids = append(ids, fmt.Sprint(p.ID))
		}
	}
	switch len(ids) {
	case 0:
		return c.createParty(ctx, d)
	case 1:
		return id, nil
	}
	return 0, &Refusal{d.Number, "Dolibarr has several third parties for " + d.Client.Name + ": " + strings.Join(ids, ", "), "merge them there"}
}

// external is our identifier of a client in Dolibarr.
func external(b billing.Buyer) string { return "accolade-" + b.ID }

// france is the country in Dolibarr's own list.
const france = 1

func (c *Client) createParty(ctx context.Context, d books.Document) (id int64, err error) {
	b := d.Client
	body := map[string]any{"name": b.Name, "client": 1, "code_client": "-1", "ref_ext": external(b), "idprof1": b.SIREN, "idprof2": b.SIRET, "tva_intra": b.VATNumber,
		"address": strings.Join(b.Address.Lines, "\n"), "zip": b.Address.PostCode, "town": b.Address.City}
	if b.Address.Country == "FR" || b.Address.Country == "" {
		body["country_id"] = france
	}
	return id, refused(d, c.post(ctx, "/thirdparties", body, &id))
}
