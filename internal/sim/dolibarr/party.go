package dolibarr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// fields is the body of a request: numbers, texts and switches as they come.
type fields map[string]any

func read(r *http.Request) (fields, error) {
	var f fields
	in := json.NewDecoder(r.Body)
	in.UseNumber()
	if err := in.Decode(&f); err != nil {
		return nil, fail(http.StatusBadRequest, "Error decoding request. Syntax error")
	}
	return f, nil
}

// text is a field as PHP prints it, trimmed.
func (f fields) text(name string) string {
	switch v := f[name].(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "1"
		}
		return ""
	default:
		return strings.TrimSpace(fmt.Sprint(v))
	}
}

// whole is a field as PHP casts it: what is no number is 0.
func (f fields) whole(name string) int64 {
	n, _ := strconv.ParseInt(f.text(name), 10, 64)
	return n
}

func (s *Server) listParties(q url.Values) (any, error) {
	if !s.may("societe lire") {
		return nil, fail(http.StatusUnauthorized, "")
	}
	match, err := parse(q.Get("sqlfilters"))
	if err != nil {
		return nil, fail(http.StatusServiceUnavailable, "Error when validating parameter sqlfilters -> "+err.Error())
	}
	found, err := page(q, s.parties, func(p *Party) (bool, error) { return match(p.column) })
	if err != nil {
		return nil, fail(http.StatusServiceUnavailable, "Error when retrieve thirdparties : "+err.Error())
	}
	if len(found) == 0 {
		return nil, fail(http.StatusNotFound, "Thirdparties not found")
	}
	list := make([]any, len(found))
	for i, p := range found {
		list[i] = p.view()
	}
	return list, nil
}

func (s *Server) party(id int) (any, error) {
	if !s.may("societe lire") {
		return nil, fail(http.StatusUnauthorized, "")
	}
	p := s.parties[id]
	if p == nil {
		return nil, fail(http.StatusNotFound, "Thirdparty not found")
	}
	return p.view(), nil
}

// column is a column of the table of third parties.
func (p *Party) column(name string) (string, bool) {
	switch name {
	case "t.rowid":
		return strconv.Itoa(p.ID), true
	case "t.nom":
		return p.Name, true
	case "t.siren":
		return p.SIREN, true
	case "t.siret":
		return p.SIRET, true
	case "t.ref_ext":
		return p.Ext, true
	case "t.client":
		return strconv.Itoa(p.Client), true
	}
	return "", false
}

// view is a third party as the API shows it: its identifiers are texts.
func (p *Party) view() map[string]any {
	return map[string]any{"id": strconv.Itoa(p.ID), "name": p.Name, "code_client": p.Code, "idprof1": p.SIREN, "idprof2": p.SIRET, "tva_intra": p.VAT,
		"ref_ext": p.Ext, "address": p.Address, "zip": p.Zip, "town": p.Town, "country_id": p.Country, "client": strconv.Itoa(p.Client)}
}

func (s *Server) createParty(r *http.Request) (any, error) {
	if !s.may("societe creer") {
		return nil, fail(http.StatusUnauthorized, "")
	}
	f, err := read(r)
	if err != nil {
		return nil, err
	}
	if _, ok := f["name"]; !ok {
		return nil, fail(http.StatusBadRequest, "name field missing")
	}
	p := &Party{ID: len(s.parties) + 1, Name: f.text("name"), Code: f.text("code_client"), SIREN: f.text("idprof1"), SIRET: f.text("idprof2"), VAT: f.text("tva_intra"),
		Ext: f.text("ref_ext"), Address: f.text("address"), Zip: f.text("zip"), Town: f.text("town"), Country: int(f.whole("country_id")), Client: int(f.whole("client"))}
	if p.Code == "-1" || p.Code == "auto" {
		p.Code = fmt.Sprintf("CU%s-%05d", s.Now().Format("0601"), p.ID)
	}
	var wrong []string
	if p.Name == "" {
		wrong = append(wrong, "ErrorBadThirdPartyName")
	}
	if p.Client != 0 && p.Code == "" && s.CodeRequired {
		wrong = append(wrong, "ErrorCustomerCodeRequired")
	}
	if p.SIREN != "" && s.UniqueSIREN {
		for _, o := range s.parties {
			if o.SIREN == p.SIREN {
				wrong = append(wrong, "SIREN ErrorProdIdAlreadyExist (ForbiddenBySetupRules)")
			}
		}
	}
	if len(wrong) > 0 {
		return nil, fail(http.StatusInternalServerError, "Error creating thirdparty", append([]string{""}, wrong...)...)
	}
	s.parties[p.ID] = p
	return p.ID, nil
}
