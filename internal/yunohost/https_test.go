package yunohost

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/secret"
	simyunohost "codeberg.org/accolade/accolade/internal/sim/yunohost"
)

// reached is a simulated server that can be reached by HTTPS, before its
// post-install.
type reached struct {
	mu       sync.Mutex
	state    *simyunohost.State
	requests []string
	overlap  int // how many requests are under way
	worst    int
	cut      string // a path whose answer is lost, once
}

func (s *reached) enter(do func(time.Time, *simyunohost.State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC), s.state)
}

func reach(t *testing.T) (*reached, *Server) {
	t.Helper()
	sim := &reached{state: simyunohost.New(1, time.Date(2026, 9, 14, 11, 0, 0, 0, time.UTC))}
	sim.state.Site = simyunohost.Site{Online: true, Port80: true, LocalIP: "192.168.1.10", PublicIP: "203.0.113.9", DiskSize: 64 << 30, DiskFree: 50 << 30, Memory: 4 << 30}
	api := simyunohost.NewAPI(sim.enter, nil)
	api.Report(func(what string) { t.Errorf("the real server would not mind, but we do: %s", what) })
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sim.mu.Lock()
		sim.requests = append(sim.requests, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/yunohost/api"))
		sim.overlap++
		sim.worst = max(sim.worst, sim.overlap)
		lost := sim.cut != "" && strings.HasSuffix(r.URL.Path, sim.cut)
		if lost {
			sim.cut = ""
		}
		sim.mu.Unlock()
		if lost {
			api.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(w, r)
		sim.mu.Lock()
		sim.overlap--
		sim.mu.Unlock()
	}))
	t.Cleanup(srv.Close)
	server := New(nil, 100, clock.Real(), "test")
	server.UseHTTPS(HTTPSConfig{URL: srv.URL, User: "camille", Password: secret.New("Kouign-Amann-56100-Lorient"), Fingerprint: pin.Fingerprint(srv.Certificate().Raw)})
	return sim, server
}

func TestOverHTTPS(t *testing.T) {
	sim, server := reach(t)
	ctx := t.Context()
	password := secret.New("Kouign-Amann-56100-Lorient")
	for range 2 { // every action looks first
		if err := server.PostInstall(ctx, "archi.bzh", "camille", "Camille Le Goff", password); err != nil {
			t.Fatal(err)
		}
		if err := server.SetMainDomain(ctx, "archi.bzh"); err != nil {
			t.Fatal(err)
		}
		if err := server.SetRelay(ctx, fleet.Relay{Host: "relais.example.org", Port: 587, User: "u2"}, secret.New("Secret&=%+ des relais 1")); err != nil {
			t.Fatal(err)
		}
		if err := server.InstallApp(ctx, "dolibarr", "Dolibarr", url.Values{"domain": {"archi.bzh"}, "path": {"/dolibarr"}, "admin": {"camille"}, "init_main_permission": {"all_users"}}); err != nil {
			t.Fatal(err)
		}
	}
	relay, err := server.Relay(ctx)
	if err != nil || relay != (fleet.Relay{Enabled: true, Host: "relais.example.org", Port: 587, User: "u2"}) {
		t.Errorf("relay %+v, %v", relay, err)
	}
	csv := strings.Join([]string{"username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups",
		"anna;Anna;Kervella;;anna@archi.bzh;0;;;", "erwan;Erwan;Le Gall;;erwan@archi.bzh;1G;;;", ""}, "\n")
	users, refusal, err := server.ImportUsers(ctx, "b1", secret.New(csv), 2)
	if err != nil || refusal != nil || users["erwan"].FullName != "Erwan Le Gall" || users["erwan"].Quota != "1G" {
		t.Errorf("users %v, %v", users, err)
	}
	if err := server.InstallCertificate(ctx, "archi.bzh"); err != nil {
		t.Errorf("certificate: %v", err)
	}
	if now, err := server.Domain(ctx, "archi.bzh"); err != nil || !strings.Contains(now.DNS, "MX") || !now.Main {
		t.Errorf("DNS: %q, %v", now.DNS, err)
	}
	if _, err := server.Diagnose(ctx); err != nil {
		t.Errorf("diagnosis: %v", err)
	}
	for _, asked := range sim.requests {
		if asked == "GET /apps/catalog" {
			t.Error("the catalog was asked without full, which breaks it")
		}
	}
}

func TestWorkBehindALostAnswerIsFound(t *testing.T) {
	sim, server := reach(t)
	sim.cut = "/postinstall"
	if err := server.PostInstall(t.Context(), "archi.bzh", "camille", "Camille Le Goff", secret.New("Kouign-Amann-56100-Lorient")); err != nil {
		t.Fatalf("the post-install was done, and is told as %v", err)
	}
	sim.cut = "/users/import"
	_, refusal, _ := server.ImportUsers(t.Context(), "b1", secret.New("username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\nanna;Anna;Kervella;;anna@archi.bzh;0;;;\n"), 1)
	if !operation.IsTransient(refusal) {
		t.Fatalf("a lost answer is %v, wanted a transient error", refusal)
	}
	if users, err := server.Users(t.Context()); err != nil || users["anna"].Username != "anna" {
		t.Fatalf("users %v, %v", users, err)
	}
}

func TestOneRequestAtATime(t *testing.T) {
	sim, server := reach(t)
	if err := server.PostInstall(t.Context(), "archi.bzh", "camille", "Camille Le Goff", secret.New("Kouign-Amann-56100-Lorient")); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := server.Users(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if sim.worst != 1 {
		t.Errorf("%d requests overlapped", sim.worst)
	}
}

func TestRefusalsAndSessions(t *testing.T) {
	sim, server := reach(t)
	if _, err := server.Users(t.Context()); err == nil || !strings.Contains(err.Error(), "log in as camille") {
		t.Fatalf("before the post-install: %v", err)
	}
	err := server.PostInstall(t.Context(), "archi.bzh", "root", "Camille Le Goff", secret.New("Kouign-Amann-56100-Lorient"))
	refusal, ok := errors.AsType[*failure](err)
	if !ok || refusal.Key != "system_username_exists" {
		t.Fatalf("a system user's name: %v", err)
	}
	if err := server.PostInstall(t.Context(), "archi.bzh", "camille", "Camille Le Goff", secret.New("Kouign-Amann-56100-Lorient")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Users(t.Context()); err != nil {
		t.Fatal(err)
	}
	sim.mu.Lock()
	sim.state.Sessions = nil // it ended
	sim.mu.Unlock()
	if _, err := server.Users(t.Context()); err != nil {
		t.Fatalf("a session that ended is not renewed: %v", err)
	}
	wrong := New(nil, 100, clock.Real(), "test")
	wrong.UseHTTPS(HTTPSConfig{URL: server.https.(*httpsDoor).client.BaseURL, User: "camille", Fingerprint: strings.Repeat("00:", 31) + "00"})
	if _, err := wrong.Users(t.Context()); err == nil || !strings.Contains(fmt.Sprint(err), "certificate fingerprint is") {
		t.Fatalf("another certificate was accepted: %v", err)
	}
}
