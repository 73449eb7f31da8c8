package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/secret/secrettest"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
	"codeberg.org/accolade/accolade/internal/store"
)

// secretsWatch collects what a run of the story shows, and knows its secrets.
type secretsWatch struct {
	*secrettest.Collector
	s    *story
	told string // file to which the controller tells its secrets
}

// watchSecrets has the story's controller, which logs all it can, tell its secrets, and
// looks at the processes that run from bin every now and then.
func watchSecrets(t *testing.T, s *story, bin string) *secretsWatch {
	t.Helper()
	w := &secretsWatch{Collector: secrettest.New(), s: s, told: filepath.Join(t.TempDir(), "told")}
	s.environ = append(os.Environ(), "SECRETS_TOLD="+w.told, "ACCOLADE_LOG_LEVEL=debug")
	s.seen = w.Add
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { w.processes(bin, stop) })
	t.Cleanup(func() {
		close(stop)
		wg.Wait()
	})
	return w
}

// processes adds arguments and environment of what runs from bin, until stop.
func (w *secretsWatch) processes(bin string, stop <-chan struct{}) {
	known := map[string]bool{}
	for {
		found, err := filepath.Glob("/proc/[0-9]*/exe")
		if err != nil {
			return
		}
		for _, exe := range found {
			if target, err := os.Readlink(exe); err != nil || !strings.HasPrefix(target, bin+"/") || known[exe] {
				continue
			}
			for _, name := range []string{"cmdline", "environ"} {
				if text, err := os.ReadFile(filepath.Join(filepath.Dir(exe), name)); err == nil && len(text) > 0 {
					known[exe] = true
					w.Add("the "+name+" of a process", text)
				}
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond): // real: other processes
		}
	}
}

// want looks for each secret in everything, once the story has been told.
func (w *secretsWatch) want(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := w.TellFile(w.told); err != nil {
		t.Fatal(err)
	}
	w.wantToldAll(t)
	for _, answer := range []string{"/openapi.json", "/v1/audit?from=1", "/v1/audit/verify", "/v1/backups?server=horizon", "/v1/backups/runs", "/v1/boxes", "/v1/boxes/horizon", "/v1/clients",
		"/v1/clients/atelier-horizon", "/v1/config", "/v1/contracts", "/v1/hours?client=atelier-horizon", "/v1/months", "/v1/months/2026-09", "/v1/offers", "/v1/operations?all=true",
		"/v1/operations/000001", "/v1/operations/000002", "/v1/operations/000001/events", "/v1/schedule", "/v1/servers", "/v1/servers/horizon", "/v1/sites", "/v1/status", "/v1/tokens", "/v1/vaults", "/v1/vaults/central",
		"/v1/version", "/v1/store/copy", "/v1/nowhere"} {
		w.answer(ctx, t, answer)
	}
	w.Tree(t, w.s.dir,
		mayHold...)
	w.Tree(t, w.s.runtime,
		secrettest.Except{Path: "relay-password", Mode: 0o600, Why: "written by a technician for relay.password_file"})
	w.Check(t)
}

// mayHold are the files of the story that must hold a secret.
var mayHold = []secrettest.Except{
	{Path: "state/identity.age", Mode: 0o600, Why: "the key that opens what is sealed"},
	{Path: "users.csv", Mode: 0o600, Why: "written by a technician for --users"},
}

// wantToldAll holds what the controller told against what others know: the sandbox the
// credentials that it gave, the store what is sealed in it.
func (w *secretsWatch) wantToldAll(t *testing.T) {
	t.Helper()
	info := w.s.info
	_, boxToken, _ := strings.Cut(info.PVE[0].Token, "=")
	_, vaultToken, _ := strings.Cut(info.PBS.Token, ":")
	for name, text := range map[string]string{"the box's bootstrap token": boxToken, "the vault's token": vaultToken, "the relay's password": sandbox.RelayPassword} {
		if !w.Knows(text) {
			t.Errorf("%s is in use, and nobody told of it", name)
		}
	}
	w.Tell(info.PVE[0].RootPassword, "the sandbox: root's password")

	copied := filepath.Join(t.TempDir(), "store.db")
	if _, err := w.s.accolade(t.Context(), "", "store", "copy", copied); err != nil {
		t.Fatal(err)
	}
	for key, text := range sealedIn(t, copied, filepath.Join(w.s.dir, "state", "identity.age")) {
		if !w.Knows(text) {
			t.Errorf("the secret sealed in %s was never told", key)
		}
	}
}

// sealedIn opens what is sealed in a store, by its place. An operation that has ended
// holds nothing any more.
func sealedIn(t *testing.T, file, identity string) map[string]string {
	t.Helper()
	keeper, err := secret.OpenKeeper(identity)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	err = db.View(func(tx store.Tx) error {
		for key, value := range tx.Scan(nil) {
			for i, text := range sealedText.FindAll(value, -1) {
				one, err := base64.StdEncoding.DecodeString(string(text))
				if err != nil {
					return err
				}
				opened, err := keeper.Open(one)
				if err != nil {
					return err
				}
				found[fmt.Sprintf("%q, %d", key, i)] = opened.Reveal()
				if bytes.HasPrefix(key, []byte("o/")) {
					t.Errorf("%q still holds a secret of an operation that has ended", key)
				}
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	// The vault's token, our own on the box and on the vault, the encryption key, the admin's password.
	if len(found) < 5 {
		t.Errorf("%d sealed secrets in the store, want at least 5", len(found))
	}
	return found
}

// sealedText is the base64 of what begins with age-encryption.org/v1.
var sealedText = regexp.MustCompile(`YWdlLWVuY3J5cHRpb24ub3JnL3Yx[A-Za-z0-9+/]+=*`)

// answer adds what the API says to a GET.
func (w *secretsWatch) answer(ctx context.Context, t *testing.T, path string) {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", w.s.socket())
	}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://accoladed"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 300 && path != "/v1/nowhere" {
		t.Errorf("GET %s: %s %s", path, res.Status, body)
	}
	headers, err := json.Marshal(res.Header)
	if err != nil {
		t.Fatal(err)
	}
	w.Add("the answer to GET "+path, append(headers, body...))
}

// TestWhatTheDemoLeaves looks through what `make demo` left in the folder that
// ACCOLADE_DEMO names: logs, documents, exports, and the store with its copies.
func TestWhatTheDemoLeaves(t *testing.T) {
	dir := os.Getenv("ACCOLADE_DEMO")
	if dir == "" {
		t.Skip("needs the folder of a demo in ACCOLADE_DEMO; CI sets it after make demo")
	}
	identity := filepath.Join(dir, "state", "identity.age")
	text, err := os.ReadFile(filepath.Join(dir, "state", "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "store.db") // the demo's stays as it is
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := secrettest.Watch(t) // told of the identity and of all that is opened
	sealedIn(t, copied, identity)
	same, err := sandbox.Start(t.Context(), sandbox.Options{Listen: "127.0.0.1:0", Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	info := same.Info()
	if err := same.Close(); err != nil {
		t.Fatal(err)
	}
	for _, whole := range []string{info.PVE[0].Token, info.PBS.Token} {
		c.Tell(whole[strings.LastIndexAny(whole, "=:")+1:], "the sandbox")
	}
	c.Tell(info.PVE[0].RootPassword, "the sandbox")
	c.Tell(sandbox.RelayPassword, "the sandbox")
	c.Tell(users(), "the office")
	c.Tree(t, dir, mayHold...)
	c.Check(t)
}
