package dolibarr

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func call(t *testing.T, s *Server, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://dolibarr.example/api/index.php"+path, strings.NewReader(body))
	r.Header.Set("DOLAPIKEY", "k")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func errorOf(t *testing.T, body string) map[string]any {
	t.Helper()
	var answer struct {
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return answer.Error
}

func made(t *testing.T) *Server {
	s := New(Config{Key: "k", Now: func() time.Time { return time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) }})
	for _, body := range []string{`{"name":"A","idprof1":"732829320","client":1}`, `{"name":"B","client":"1","code_client":"-1"}`} {
		if code, answer := call(t, s, "POST", "/thirdparties", body); code != http.StatusOK || len(answer) != 1 {
			t.Fatalf("%d %s", code, answer)
		}
	}
	return s
}

func TestFilters(t *testing.T) {
	s := made(t)
	for filter, want := range map[string]string{
		"(t.siren:=:'732829320')":                            "A",
		"t.siren:=:'732829320'":                              "A",
		"(t.siren:like:'732%320') and (t.nom:=:'a')":         "A",
		"(t.nom:=:'A') OR (t.nom:=:'B')":                     "A B",
		"((t.nom:=:'A') OR (t.nom:=:'B')) AND (t.rowid:>:1)": "B",
		"(t.nom:!=:'A')":                                     "B",
		"(t.siren:=:x)":                                      "B", // no number: 0, as an empty text is
	} {
		code, body := call(t, s, "GET", "/thirdparties?sqlfilters="+url.QueryEscape(filter), "")
		var found []struct{ Name string }
		if err := json.Unmarshal([]byte(body), &found); code != http.StatusOK || err != nil {
			t.Errorf("%s: %d %s", filter, code, body)
			continue
		}
		var names []string
		for _, f := range found {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s finds %s, want %s", filter, got, want)
		}
	}
	for filter, want := range map[string]string{
		"(t.nom:=:'A'":                    "Bad balance of parenthesis",
		"(t.nom:=:'A') XOR (t.nom:=:'B')": "Bad syntax of the search string",
		"(t.password:=:'A')":              "Unknown column 't.password'",
	} {
		code, body := call(t, s, "GET", "/thirdparties?sqlfilters="+url.QueryEscape(filter), "")
		if message := errorOf(t, body)["message"].(string); code != http.StatusServiceUnavailable || !strings.Contains(message, want) {
			t.Errorf("%s: %d %s", filter, code, message)
		}
	}
	if code, body := call(t, s, "GET", "/thirdparties?sqlfilters="+url.QueryEscape("(t.nom:=:'C')"), ""); code != 404 || errorOf(t, body)["message"] != "Not Found: Thirdparties not found" {
		t.Errorf("nothing found: %d %s", code, body)
	}
	if code, body := call(t, s, "GET", "/invoices?sqlfilters="+url.QueryEscape("(t.ref:=:'C'"), ""); code != 400 || !strings.HasPrefix(errorOf(t, body)["message"].(string), "Bad Request: Error when validating parameter sqlfilters") {
		t.Errorf("a bad filter: %d %s", code, body)
	}
}

func TestPaging(t *testing.T) {
	s := made(t)
	for query, want := range map[string]int{"": 2, "?limit=1": 1, "?limit=1&page=1": 1, "?limit=0": 2, "?limit=1&page=-3": 1} {
		_, body := call(t, s, "GET", "/thirdparties"+query, "")
		var found []any
		if err := json.Unmarshal([]byte(body), &found); err != nil || len(found) != want {
			t.Errorf("%q gives %d, want %d", query, len(found), want)
		}
	}
	if code, _ := call(t, s, "GET", "/thirdparties?limit=1&page=2", ""); code != 404 {
		t.Errorf("a page behind the last: %d", code)
	}
}

// What Dolibarr refuses, and what it takes without a word.
func TestInvoices(t *testing.T) {
	s := made(t)
	for _, c := range []struct {
		method, path, body string
		code               int
		message            string
	}{
		{"POST", "/invoices", `{"ref_client":"F1"}`, 400, "Bad Request: socid field missing"},
		{"POST", "/invoices", `{"socid":9}`, 500, "Internal Server Error: Error creating invoice"},
		{"POST", "/invoices", `{"socid":`, 400, "Bad Request: Error decoding request. Syntax error"},
		{"POST", "/invoices/7/validate", `{}`, 404, "Not Found: Invoice not found"},
		{"GET", "/invoices/x", ``, 400, "Bad Request: Invalid value specified for `id`. Expecting integer value"},
		{"DELETE", "/invoices/1", ``, 404, "Not Found"},
	} {
		code, body := call(t, s, c.method, c.path, c.body)
		if e := errorOf(t, body); code != c.code || e["message"] != c.message || e["code"] != float64(c.code) {
			t.Errorf("%s %s %s: %d %v", c.method, c.path, c.body, code, e)
		}
	}
	if code, body := call(t, s, "GET", "/nothing", ""); code != 501 || !strings.HasPrefix(body, "API not found") {
		t.Errorf("an API that is not there: %d %s", code, body)
	}
	for range 2 { // one ref_client for two is taken
		if code, body := call(t, s, "POST", "/invoices", `{"socid":"1","ref_client":" F1 ","date":1,"lines":[{"desc":"x","qty":2,"subprice":"1.00556","tva_tx":"20"}]}`); code != 200 {
			t.Errorf("%d %s", code, body)
		}
	}
	if i := s.Invoices()[0]; i.Net != 201 || i.Tax != 40 || i.RefClient != "F1" || i.Ref != "(PROV1)" { // 2.01112, 2.413344
		t.Errorf("invoice %+v", i)
	}
	if code, _ := call(t, s, "POST", "/invoices/1/validate", `{"force_number":""}`); code != 200 || s.Invoices()[0].Ref != "FA2611-0001" {
		t.Errorf("validated: %d %+v", code, s.Invoices()[0])
	}
	if code, body := call(t, s, "POST", "/invoices/1/validate", `{}`); code != 304 || body != "" {
		t.Errorf("validated twice: %d %s", code, body)
	}
	if code, _ := call(t, s, "POST", "/invoices/2/validate", `{"force_number":"FA2611-0001"}`); code != 500 {
		t.Errorf("a number that is taken: %d", code)
	}
}

// A credit that came of a deposit is made once, used once, and whole.
func TestCredit(t *testing.T) {
	s := New(Config{Key: "k", Now: time.Now})
	s.invoices[1] = &Invoice{ID: 1, Type: deposit, Party: 7, Lines: []Line{{Rate: "20", Net: 100_00, Tax: 20_00, Total: 120_00}}}
	s.invoices[2] = &Invoice{ID: 2, Party: 7, Net: 300_00, Tax: 60_00, Total: 360_00}
	if _, err := s.credit(1); err == nil || err.Error() != "Discount not found" {
		t.Errorf("before it is made: %v", err)
	}
	for range 2 {
		if _, err := s.markAsCredit(1); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.credits) != 1 {
		t.Errorf("%d credits were made", len(s.credits))
	}
	if _, err := s.useCredit(2, 9); err == nil {
		t.Error("a credit that is not there was used")
	}
	if _, err := s.useCredit(2, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.useCredit(2, 1); err == nil || err.Error() != "Error, discount already used" {
		t.Errorf("used again: %v", err)
	}
	if i := s.invoices[2]; i.Net != 200_00 || i.Tax != 40_00 || i.Total != 240_00 || len(i.Lines) != 1 || i.Lines[0].Text != "(DEPOSIT)" {
		t.Errorf("the invoice is %+v", i)
	}
}
