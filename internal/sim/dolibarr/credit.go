package dolibarr

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// credit answers with the first credit that came of an invoice.
func (s *Server) credit(id int) (any, error) {
	switch {
	case !s.may("facture lire"):
		return nil, fail(http.StatusForbidden, "")
	case s.invoices[id] == nil:
		return nil, fail(http.StatusNotFound, "Invoice not found")
	}
	c := s.creditOf(id)
	if c == nil {
		return nil, fail(http.StatusNotFound, "Discount not found")
	}
	var line any
	if c.Line != 0 {
		line = strconv.Itoa(c.Line)
	}
	return map[string]any{"id": strconv.Itoa(c.ID), "fk_soc": strconv.Itoa(c.Party), "description": c.Text, "tva_tx": c.Rate, "fk_facture_source": strconv.Itoa(c.Source),
		"fk_facture": nil, "fk_facture_line": line, "amount_ht": eight(c.Net), "amount_tva": eight(c.Tax), "amount_ttc": eight(c.Total),
		"total_ht": eight(c.Net), "total_tva": eight(c.Tax), "total_ttc": eight(c.Total)}, nil
}

func (s *Server) creditOf(source int) *Credit {
	if i := slices.IndexFunc(s.credits, func(c *Credit) bool { return c.Source == source }); i >= 0 {
		return s.credits[i]
	}
	return nil
}

// markAsCredit makes credits of a deposit invoice or a credit note: one for each rate, of
// amounts without their sign. It does not look whether the invoice is a draft, does nothing
// the second time, and closes a credit note. (A standard invoice gives what was paid
// beyond it; nobody pays here.)
func (s *Server) markAsCredit(id int) (any, error) {
	i := s.invoices[id]
	switch {
	case !s.may("facture creer"):
		return nil, fail(http.StatusForbidden, "")
	case i == nil:
		return nil, fail(http.StatusNotFound, "Invoice not found")
	case i.Paid:
		return nil, fail(http.StatusInternalServerError, "Alreay paid")
	case s.creditOf(id) != nil || i.Type != creditNote && i.Type != deposit:
		return i.view(), nil
	}
	text := "(DEPOSIT)"
	if i.Type == creditNote {
		text = "(CREDIT_NOTE)"
		i.Status, i.Paid = 2, true
	}
	byRate := map[string]*Credit{}
	for _, l := range i.Lines {
		c := byRate[l.Rate]
		if c == nil && l.Net != 0 {
			c = &Credit{ID: len(s.credits) + 1, Party: i.Party, Source: id, Text: text, Rate: l.Rate}
			byRate[l.Rate], s.credits = c, append(s.credits, c)
		}
		if c != nil {
			c.Net, c.Tax, c.Total = c.Net+l.Net, c.Tax+l.Tax, c.Total+l.Total
		}
	}
	for _, c := range byRate {
		c.Net, c.Tax, c.Total = max(c.Net, -c.Net), max(c.Tax, -c.Tax), max(c.Total, -c.Total)
	}
	return i.view(), nil
}

// useCredit adds a credit to an invoice as a line, whole and to the cent, whatever the
// invoice's state.
func (s *Server) useCredit(id, credit int) (any, error) {
	i := s.invoices[id]
	switch {
	case !s.may("facture creer"):
		return nil, fail(http.StatusForbidden, "")
	case i == nil:
		return nil, fail(http.StatusNotFound, "Invoice not found")
	case credit < 1 || credit > len(s.credits):
		return nil, fail(http.StatusMethodNotAllowed, "")
	}
	c := s.credits[credit-1]
	if c.Line != 0 {
		return nil, fail(http.StatusMethodNotAllowed, "Error, discount already used")
	}
	c.Line = id*1000 + len(i.Lines) + 1
	i.Lines = append(i.Lines, Line{Text: c.Text, Quantity: "1", Price: "-" + strings.TrimSuffix(eight(c.Net), "000"), Rate: c.Rate, Net: -c.Net, Tax: -c.Tax, Total: -c.Total, Credit: credit})
	i.Net, i.Tax, i.Total = i.Net-c.Net, i.Tax-c.Tax, i.Total-c.Total
	return 1, nil
}
