package dolibarr

import (
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	creditNote = 2
	deposit    = 3
)

func (s *Server) listInvoices(q url.Values) (any, error) {
	if !s.may("facture lire") {
		return nil, fail(http.StatusForbidden, "")
	}
	match, err := parse(q.Get("sqlfilters"))
	if err != nil {
		return nil, fail(http.StatusBadRequest, "Error when validating parameter sqlfilters -> "+err.Error())
	}
	found, err := page(q, s.invoices, func(i *Invoice) (bool, error) { return match(i.column) })
	if err != nil {
		return nil, fail(http.StatusServiceUnavailable, "Error when retrieve invoice list : "+err.Error())
	}
	if len(found) == 0 && s.EmptyInvoices404 {
		return nil, fail(http.StatusNotFound, "No invoice found")
	}
	list := make([]any, len(found))
	for i, inv := range found {
		list[i] = inv.view()
	}
	return list, nil
}

func (s *Server) invoice(id int) (any, error) {
	if !s.may("facture lire") {
		return nil, fail(http.StatusForbidden, "")
	}
	i := s.invoices[id]
	if i == nil {
		return nil, fail(http.StatusNotFound, "Invoice not found")
	}
	return i.view(), nil
}

// column is a column of the table of invoices.
func (i *Invoice) column(name string) (string, bool) {
	switch name {
	case "t.rowid":
		return strconv.Itoa(i.ID), true
	case "t.ref":
		return i.Ref, true
	case "t.ref_client":
		return i.RefClient, true
	case "t.fk_statut":
		return strconv.Itoa(i.Status), true
	case "t.type":
		return strconv.Itoa(i.Type), true
	case "t.fk_soc":
		return strconv.Itoa(i.Party), true
	}
	return "", false
}

// view is an invoice as the API shows it: what comes from the database is text, amounts
// have eight decimals.
func (i *Invoice) view() map[string]any {
	lines := make([]any, len(i.Lines))
	for n, l := range i.Lines {
		var credit any
		if l.Credit != 0 {
			credit = strconv.Itoa(l.Credit)
		}
		lines[n] = map[string]any{"fk_remise_except": credit, "desc": l.Text, "qty": l.Quantity, "subprice": l.Price, "tva_tx": l.Rate, "total_ht": eight(l.Net), "total_tva": eight(l.Tax), "total_ttc": eight(l.Total)}
	}
	var source any
	if i.Source != 0 {
		source = strconv.Itoa(i.Source)
	}
	paid := "0"
	if i.Paid {
		paid = "1"
	}
	return map[string]any{"id": strconv.Itoa(i.ID), "ref": i.Ref, "ref_client": i.RefClient, "socid": strconv.Itoa(i.Party), "type": strconv.Itoa(i.Type),
		"statut": strconv.Itoa(i.Status), "status": strconv.Itoa(i.Status), "paye": paid, "date": i.Date, "date_lim_reglement": i.Due, "fk_facture_source": source,
		"total_ht": eight(i.Net), "total_tva": eight(i.Tax), "total_ttc": eight(i.Total), "lines": lines}
}

func eight(cents int64) string { return new(big.Rat).SetFrac64(cents, 100).FloatString(8) }

// tags are cut out of every text (sanitizeVal with alphanohtml).
var tags = regexp.MustCompile(`<[^>]*>`)

func (s *Server) createInvoice(r *http.Request) (any, error) {
	if !s.may("facture creer") {
		return nil, fail(http.StatusForbidden, "Insuffisant rights")
	}
	f, err := read(r)
	if err != nil {
		return nil, err
	}
	if _, ok := f["socid"]; !ok {
		return nil, fail(http.StatusBadRequest, "socid field missing")
	}
	i := &Invoice{ID: len(s.invoices) + 1, Party: int(f.whole("socid")), Type: int(f.whole("type")), Source: int(f.whole("fk_facture_source")),
		RefClient: tags.ReplaceAllString(f.text("ref_client"), ""), Date: f.whole("date"), Due: f.whole("date_lim_reglement")}
	i.Ref = fmt.Sprintf("(PROV%d)", i.ID)
	if _, ok := f["date"]; !ok {
		i.Date = s.Now().Unix()
	}
	if i.Date == 0 {
		return nil, fail(http.StatusInternalServerError, "Error creating invoice", "Try to create an invoice with an empty parameter (date)")
	}
	if s.parties[i.Party] == nil {
		return nil, fail(http.StatusInternalServerError, "Error creating invoice", "DB_ERROR_NO_PARENT")
	}
	lines, _ := f["lines"].([]any)
	for _, one := range lines {
		l, ok := one.(map[string]any)
		if !ok {
			return nil, fail(http.StatusInternalServerError, "Error creating invoice", "")
		}
		if err := i.add(l); err != nil {
			return nil, err
		}
	}
	s.invoices[i.ID] = i
	return i.ID, nil
}

// add computes a line as calcul_price_total does: the amount with tax is rounded by
// itself, and the tax is what lies between. Of a credit note the price is negative and
// the quantity positive, whatever was sent.
func (i *Invoice) add(f fields) error {
	l := Line{Text: f.text("desc"), Quantity: f.text("qty"), Price: f.text("subprice"), Rate: f.text("tva_tx"), Start: f.whole("date_start"), End: f.whole("date_end")}
	if l.Start != 0 && l.End != 0 && l.Start > l.End {
		return fail(http.StatusInternalServerError, "Error creating invoice", "ErrorStartDateGreaterEnd")
	}
	quantity, price, rate := rat(l.Quantity), rat(l.Price), rat(l.Rate)
	if i.Type == creditNote {
		quantity.Abs(quantity)
		price.Neg(price.Abs(price))
	}
	net := new(big.Rat).Mul(new(big.Rat).Mul(quantity, price), big.NewRat(100, 1))
	gross := new(big.Rat).Mul(net, new(big.Rat).Add(big.NewRat(1, 1), new(big.Rat).Quo(rate, big.NewRat(100, 1))))
	l.Net, l.Total = round(net), round(gross)
	if quantity.Sign() < 0 {
		l.Net, l.Total = -max(l.Net, -l.Net), -max(l.Total, -l.Total)
	}
	l.Tax = l.Total - l.Net
	l.Quantity, l.Price = quantity.FloatString(8), price.FloatString(5)
	i.Lines = append(i.Lines, l)
	i.Net, i.Tax, i.Total = i.Net+l.Net, i.Tax+l.Tax, i.Total+l.Total
	return nil
}

// rat is a number as PHP casts it: what is none is 0.
func rat(s string) *big.Rat {
	if n, ok := new(big.Rat).SetString(s); ok {
		return n
	}
	return new(big.Rat)
}

// round is half away from zero.
func round(x *big.Rat) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(x.FloatString(0), "."), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (s *Server) validate(id int, r *http.Request) (any, error) {
	if !s.may("facture creer") {
		return nil, fail(http.StatusForbidden, "")
	}
	f, err := read(r)
	if err != nil {
		return nil, err
	}
	i := s.invoices[id]
	switch {
	case i == nil:
		return nil, fail(http.StatusNotFound, "Invoice not found")
	case i.Status != 0:
		return nil, fail(http.StatusNotModified, "Error nothing done. May be object is already validated")
	case len(i.Lines) == 0:
		return nil, fail(http.StatusInternalServerError, "Error when validating Invoice: ErrorObjectMustHaveLinesToBeValidated")
	}
	ref := f.text("force_number")
	if ref == "" {
		ref = s.nextRef(i)
	}
	for _, o := range s.invoices {
		if o.Ref == ref { // the unique key of the table; the error is printed, not returned
			return nil, fail(http.StatusInternalServerError, "Error when validating Invoice: ")
		}
	}
	i.Ref, i.Status = ref, 1
	return i.view(), nil
}

// nextRef numbers as the module Mars does: FA, AV or AC, year and month, a number.
func (s *Server) nextRef(i *Invoice) string {
	prefix := "FA"
	switch i.Type {
	case creditNote:
		prefix = "AV"
	case deposit:
		prefix = "AC"
	}
	prefix += s.Now().Format("0601") + "-"
	n := 0
	for _, o := range s.invoices {
		if rest, ok := strings.CutPrefix(o.Ref, prefix); ok {
			k, _ := strconv.Atoi(rest)
			n = max(n, k)
		}
	}
	return fmt.Sprintf("%s%04d", prefix, n+1)
}
