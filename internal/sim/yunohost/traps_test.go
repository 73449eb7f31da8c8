package yunohost

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// online is a server with a network and a catalog; its main domain is a public one.
func online(t *testing.T) *State {
	t.Helper()
	s := New(3, startOfTime)
	s.Site = Site{Online: true, DiskSize: 32 << 30, DiskFree: 25 << 30, Memory: 4 << 30, LocalIP: "192.168.1.20", PublicIP: "198.51.100.7"}
	must(t, s, "tools", "postinstall", "--domain", "archi.example.org", "--username", "camille", "--fullname", "Camille Le Goff", "--password", adminPassword,
		"--ignore-dyndns", "--i-have-read-terms-of-services")
	return s
}

// typed runs a command line to its end.
func typed(t *testing.T, s *State, words string, more ...string) Result {
	t.Helper()
	res := s.CLI(s.Now, append(append([]string{"yunohost"}, strings.Fields(words)...), more...), func(path string) ([]byte, error) { return []byte(path), nil })
	s.Advance(s.Now.Add(res.Duration))
	return res
}

// browser sends requests to the API with a session of camille.
type browser struct {
	t     *testing.T
	s     *State
	token string

	report func(string)
}

func browse(t *testing.T, s *State) *browser {
	t.Helper()
	x, ok := s.login("camille", adminPassword, s.Now)
	if !ok {
		t.Fatal("camille can't log in")
	}
	token, err := s.token(x)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, s: s, token: token}
}

func (b *browser) do(method, path, body string) *httptest.ResponseRecorder {
	b.t.Helper()
	api := NewAPI(func(do func(time.Time, *State)) { do(b.s.Now, b.s) }, nil)
	api.Report(b.report)
	req := httptest.NewRequest(method, "https://archi.example.org/yunohost/api"+path, strings.NewReader(body))
	req.Header.Set("X-Requested-With", "test")
	req.Header.Set("Cookie", cookieName+"="+b.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	api.ServeHTTP(rec, req)
	return rec
}

// TestWorkBehindA500 is a server that never saw the catalog: what is asked for is
// done, and the answer is a 500. A domain alone is taken back.
func TestWorkBehindA500(t *testing.T) {
	s := New(1, startOfTime)
	s.Site = Site{DiskSize: 20 << 30, DiskFree: 15 << 30}
	must(t, s, "tools", "postinstall", "--domain", "archi.example.org", "--username", "camille", "--fullname", "Camille Le Goff", "--password", adminPassword,
		"--ignore-dyndns", "--i-have-read-terms-of-services")
	b := browse(t, s)
	rec := b.do("POST", "/users", "username=anna&fullname=Anna+Kervella&password=Far-Breton-22&domain=archi.example.org")
	if rec.Code != http.StatusInternalServerError || s.user("anna") == nil {
		t.Errorf("user: %d, made %v", rec.Code, s.user("anna") != nil)
	}
	if rec := b.do("PUT", "/users/anna", "fullname=Anna+Riou"); rec.Code != http.StatusInternalServerError || s.user("anna").FullName != "Anna Riou" {
		t.Errorf("update: %d, %s", rec.Code, s.user("anna").FullName)
	}
	if rec := b.do("POST", "/domains", "domain=two.example.org"); rec.Code != http.StatusInternalServerError || s.domain("two.example.org") != nil {
		t.Errorf("domain: %d, made %v", rec.Code, s.domain("two.example.org") != nil)
	}
	if !strings.Contains(rec.Body.String(), `"log_ref"`) {
		t.Errorf("no log_ref: %s", rec.Body)
	}
	var answer struct {
		Ref string `json:"log_ref"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if rec := b.do("GET", "/logs/"+answer.Ref, ""); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"success": false`) {
		t.Errorf("log: %d %s", rec.Code, rec.Body)
	}
}

// TestNothingBehindASuccess is a server whose network has gone.
func TestNothingBehindASuccess(t *testing.T) {
	s := online(t)
	s.Site.Online = false
	b := browse(t, s)
	if rec := b.do("PUT", "/update/all", ""); rec.Code != http.StatusOK || !s.Refreshed.IsZero() {
		t.Errorf("update: %d, refreshed %s", rec.Code, s.Refreshed)
	}
	if rec := b.do("PUT", "/upgrade/system", ""); rec.Code != http.StatusNoContent || len(s.Packages) == 0 {
		t.Errorf("upgrade: %d, %d packages left", rec.Code, len(s.Packages))
	}
	if last := s.Logs[len(s.Logs)-1]; !last.Success {
		t.Errorf("the log says %+v", last)
	}
	s.Site.Online = true
	typed(t, s, "tools update")
	if rec := b.do("PUT", "/upgrade/system", ""); rec.Code != http.StatusNoContent || len(s.Packages) != 0 {
		t.Errorf("with a network: %d, %d packages left", rec.Code, len(s.Packages))
	}
}

// TestCatalogWithoutFull spoils the API's catalog until it starts anew; the command
// line reads its own.
func TestCatalogWithoutFull(t *testing.T) {
	s := online(t)
	b := browse(t, s)
	if rec := b.do("GET", "/apps/catalog?full", ""); rec.Code != http.StatusOK {
		t.Fatalf("full: %d %s", rec.Code, rec.Body)
	}
	if rec := b.do("GET", "/apps/catalog", ""); rec.Code != http.StatusOK {
		t.Fatalf("not full: %d", rec.Code)
	}
	for _, path := range []string{"/apps/catalog?full", "/apps/manifest?app=nextcloud"} {
		if rec := b.do("GET", path, ""); rec.Code == http.StatusOK {
			t.Errorf("%s works afterwards", path)
		}
	}
	if rec := b.do("POST", "/apps", "app=nextcloud"); rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "app_unsupported_remote_type") {
		t.Errorf("install: %d %s", rec.Code, rec.Body)
	}
	if res := typed(t, s, "app manifest nextcloud --output-as json"); res.Exit != 0 {
		t.Errorf("command line: %s", res.Stderr)
	}
	typed(t, s, "service restart yunohost-api")
	if rec := b.do("GET", "/apps/manifest?app=nextcloud", ""); rec.Code != http.StatusOK {
		t.Errorf("after a restart: %d %s", rec.Code, rec.Body)
	}
}

func TestRelaySettings(t *testing.T) {
	s := online(t)
	if res := typed(t, s, "settings set email.smtp.smtp_relay_host -v relay.example.org"); res.Exit != 1 || !strings.Contains(string(res.Stderr), "KeyError: 'smtp_relay_enabled'") {
		t.Errorf("one at a time: %d %s", res.Exit, res.Stderr)
	}
	if res := typed(t, s, "settings set email.smtp -a", "smtp_relay_enabled=1&smtp_relay_host=relay.example.org&smtp_relay_port=99999999&smtp_relay_user=u&smtp_relay_password=Secret%26relay+1"); res.Exit != 0 {
		t.Fatalf("together: %d %s", res.Exit, res.Stderr)
	}
	res := typed(t, s, "settings get email.smtp.smtp_relay_password --output-as json")
	if string(res.Stdout) != "\"Secret&relay 1\"\n" {
		t.Errorf("read back: %s", res.Stdout)
	}
	if res := typed(t, s, "settings get email.smtp --output-as json"); strings.Contains(string(res.Stdout), "Secret") {
		t.Errorf("the section shows the password: %s", res.Stdout)
	}
}

func TestCertificates(t *testing.T) {
	s := online(t)
	authority := func() string { return s.domain("archi.example.org").Issuer }
	// Not diagnosed: an error is told, nothing is done, and the command succeeds.
	if res := typed(t, s, "domain cert install archi.example.org"); res.Exit != 0 || authority() != "selfsigned" || !strings.Contains(string(res.Stderr), "no diagnosis result") {
		t.Errorf("not diagnosed: exit %d, %s: %s", res.Exit, authority(), res.Stderr)
	}
	if res := typed(t, s, "domain cert install archi.example.org --no-checks"); res.Exit != 1 || authority() != "selfsigned" {
		t.Errorf("unreachable: exit %d, %s: %s", res.Exit, authority(), res.Stderr)
	}
	s.Site.Port80 = true
	typed(t, s, "diagnosis run dnsrecords web")
	if res := typed(t, s, "domain cert install archi.example.org"); res.Exit != 0 || authority() != "letsencrypt" {
		t.Fatalf("reachable: exit %d, %s: %s", res.Exit, authority(), res.Stderr)
	}
	res := typed(t, s, "domain cert status archi.example.org --output-as json")
	if !strings.Contains(string(res.Stdout), `"CA_type": "letsencrypt", "validity": 89, "style": "success"`) {
		t.Errorf("status: %s", res.Stdout)
	}
	if res := typed(t, s, "domain cert install archi.example.org"); res.Exit != 1 {
		t.Error("a second one without force")
	}
	if res := typed(t, s, "domain cert install archi.example.org --self-signed"); res.Exit != 1 {
		t.Error("a good one is overwritten without force")
	}
	first, err := s.KeyPair("archi.example.org")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.KeyPair("archi.example.org")
	if err != nil || string(first.Certificate[0]) != string(again.Certificate[0]) {
		t.Errorf("the certificate is another one each time: %v", err)
	}
	s.Now = s.Now.Add(80 * 24 * time.Hour)
	if res := typed(t, s, "domain cert renew"); res.Exit != 0 || s.domain("archi.example.org").Until.Sub(s.Now) < 85*24*time.Hour {
		t.Errorf("renew: %d %s", res.Exit, res.Stderr)
	}
}

func TestApps(t *testing.T) {
	s := online(t)
	args := func(more string) string {
		return "domain=archi.example.org&path=/nextcloud&admin=camille&init_main_permission=all_users" + more
	}
	for name, c := range map[string]struct{ app, args, says string }{
		"unknown app":     {"bananas", "", "Unknown app"},
		"unknown domain":  {"nextcloud", args("&domain=nobody.org"), "'nobody.org' is not among the available choices"},
		"unknown user":    {"nextcloud", args("&admin=nobody"), "'nobody' is not among the available choices"},
		"unknown group":   {"nextcloud", args("&init_main_permission=friends"), "'friends' is not among the available choices"},
		"no password":     {"wordpress", "domain=archi.example.org&path=/blog", "Argument 'password' is required"},
		"weak password":   {"wordpress", "domain=archi.example.org&path=/blog&password=12345678", "among the most used"},
		"unknown boolean": {"nextcloud", args("&user_home=perhaps"), "'perhaps' is not among the available choices"},
	} {
		res := typed(t, s, "app install "+c.app, "--args", c.args)
		if res.Exit != 1 || !strings.Contains(string(res.Stderr), c.says) {
			t.Errorf("%s: exit %d, want 1 and %q: %s", name, res.Exit, c.says, res.Stderr)
		}
	}
	res := typed(t, s, "app install nextcloud --label Fichiers", "--args", args(""))
	if res.Exit != 0 || res.Duration < 5*time.Minute || res.Duration > 10*time.Minute {
		t.Fatalf("install: %d after %s: %s", res.Exit, res.Duration, res.Stderr)
	}
	if res := typed(t, s, "app install dolibarr", "--args", args("")); res.Exit != 1 || !strings.Contains(string(res.Stderr), "conflicts with the already installed app") {
		t.Errorf("path taken: %d %s", res.Exit, res.Stderr)
	}
	if res := typed(t, s, "app install dolibarr", "--args", args("&path=/crm")); res.Exit != 0 {
		t.Errorf("dolibarr: %s", res.Stderr)
	}
	res = typed(t, s, "app list --output-as json")
	for _, want := range []string{`"id": "dolibarr"`, `"id": "nextcloud", "name": "Fichiers"`, `"domain_path": "archi.example.org/nextcloud"`} {
		if !strings.Contains(string(res.Stdout), want) {
			t.Errorf("app list lacks %s: %s", want, res.Stdout)
		}
	}
	if res := typed(t, s, "domain remove archi.example.org"); res.Exit != 1 {
		t.Error("the main domain goes")
	}
	s.Now = s.Now.Add(30 * 24 * time.Hour)
	typed(t, s, "tools update apps")
	if res := typed(t, s, "app upgrade nextcloud"); res.Exit != 0 || s.app("nextcloud").Version != findRecipe("nextcloud").newer {
		t.Errorf("upgrade: %d %s, %s", res.Exit, res.Stderr, s.app("nextcloud").Version)
	}
	s.Site.Online = false
	if res := typed(t, s, "app install wordpress", "--args", "path=/blog&password=Far-Breton-22"); res.Exit != 1 {
		t.Error("an app is installed without a network")
	}
	if res := typed(t, s, "app remove nextcloud"); res.Exit != 0 || s.app("nextcloud") != nil {
		t.Errorf("remove: %s", res.Stderr)
	}
}

func TestDiagnosis(t *testing.T) {
	s := online(t)
	res := typed(t, s, "diagnosis show --output-as json")
	if res.Exit != 0 || len(res.Stdout) != 0 || !strings.Contains(string(res.Stderr), "no diagnosis report to show yet") {
		t.Errorf("before: %d %q %q", res.Exit, res.Stdout, res.Stderr)
	}
	if res := typed(t, s, "diagnosis run"); res.Exit != 0 || res.Duration < 30*time.Second {
		t.Errorf("run: %d after %s", res.Exit, res.Duration)
	}
	var shown struct {
		Reports []struct {
			ID    string
			Items []struct {
				Status, Summary string
				Meta            map[string]string
				Ignored         *bool
			}
		}
	}
	res = typed(t, s, "diagnosis show --full --issues --output-as json")
	if err := json.Unmarshal(res.Stdout, &shown); err != nil {
		t.Fatalf("%v: %s", err, res.Stdout)
	}
	found := map[string]string{}
	for _, r := range shown.Reports {
		for _, i := range r.Items {
			if i.Status != "ERROR" && i.Status != "WARNING" || i.Ignored == nil {
				t.Errorf("%s: %+v", r.ID, i)
			}
			found[r.ID+" "+i.Meta["domain"]+i.Meta["category"]+i.Meta["port"]+i.Meta["test"]] = i.Status
		}
	}
	for what, status := range map[string]string{"dnsrecords archi.example.orgbasic": "ERROR", "dnsrecords archi.example.orgextra": "WARNING", "ports 80": "ERROR", "ip ipv6": "WARNING", "mail outgoing_port_25": "ERROR"} {
		if found[what] != status {
			t.Errorf("%s: %q, want %s; found %v", what, found[what], status, found)
		}
	}
	if res := typed(t, s, "diagnosis show bananas"); res.Exit != 1 {
		t.Error("an unknown category is shown")
	}
}

func TestDNS(t *testing.T) {
	s := online(t)
	res := typed(t, s, "domain dns suggest archi.example.org --output-as json")
	var zone string
	lines := strings.Split(strings.TrimSpace(string(res.Stdout)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &zone); err != nil {
		t.Fatalf("%v: %s", err, res.Stdout)
	}
	for _, want := range []string{"archi 3600 IN A 198.51.100.7", "archi 3600 IN MX 10 archi.example.org.", "mail._domainkey.archi 3600 IN TXT", "_dmarc.archi 3600 IN TXT", "; Mail"} {
		if !strings.Contains(zone, want) {
			t.Errorf("zone lacks %q:\n%s", want, zone)
		}
	}
}

func TestMainDomain(t *testing.T) {
	s := online(t)
	if res := typed(t, s, "domain main-domain -n archi.example.org"); res.Exit != 1 || res.Duration < 20*time.Second {
		t.Errorf("main already: %d after %s", res.Exit, res.Duration)
	}
	typed(t, s, "domain add two.example.org")
	if res := typed(t, s, "domain main-domain -n two.example.org"); res.Exit != 0 || s.MainDomain != "two.example.org" {
		t.Errorf("%d %s: %s", res.Exit, s.MainDomain, res.Stderr)
	}
	if res := typed(t, s, "domain add two.example.org"); res.Exit != 1 {
		t.Error("a domain twice")
	}
}

// TestNotSimulated has what is not simulated refused by its name, by both doors.
func TestNotSimulated(t *testing.T) {
	s := online(t)
	if res := typed(t, s, "backup create"); res.Exit != 2 || !strings.Contains(string(res.Stderr), "not simulated: backup create") {
		t.Errorf("command line: %d %s", res.Exit, res.Stderr)
	}
	b := browse(t, s)
	for _, r := range table().routes {
		if Simulated()[r.spec.Action] || r.spec.Action == "user.import" {
			continue
		}
		path, form := r.path, ""
		for strings.Contains(path, "<") {
			path = path[:strings.Index(path, "<")] + "1" + path[strings.Index(path, ">")+1:]
		}
		for _, a := range r.spec.Args {
			form += a.field() + "=a.org&"
		}
		rec := b.do(r.method, path, form)
		if rec.Code == http.StatusOK || rec.Code == http.StatusCreated || rec.Code == http.StatusNoContent {
			t.Errorf("%s %s: %d %s", r.method, r.path, rec.Code, rec.Body)
		}
	}
	if rec := b.do("POST", "/backups", "name=x"); rec.Code != http.StatusNotImplemented || !strings.Contains(rec.Body.String(), "POST /backups") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// TestReport tells of what a real server ignores.
func TestReport(t *testing.T) {
	s := online(t)
	b := browse(t, s)
	var told []string
	b.report = func(what string) { told = append(told, what) }
	b.do("GET", "/users?fields=username", "")
	b.do("POST", "/users", "username=anna&fullname=Anna+Kervella&password=Far-Breton-22&domain=archi.example.org&mailbox-quota=500M")
	b.do("GET", "/bananas", "")
	if want := []string{"POST /users: unknown argument mailbox-quota", "GET /bananas: no such route"}; strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("told %q, want %q", told, want)
	}
	if u := s.user("anna"); u == nil || u.Quota != "0" {
		t.Errorf("anna: %+v", u)
	}
}
