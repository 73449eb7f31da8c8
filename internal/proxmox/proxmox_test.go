package proxmox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/pin"
	"codeberg.org/accolade/accolade/internal/secret"
)

// wire answers requests in memory; nothing of it leaves the test.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func reply(line, body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		var status int
		for _, c := range line[:3] {
			status = status*10 + int(c-'0')
		}
		return &http.Response{StatusCode: status, Status: line, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func testClient(w wire) *Client {
	return New(Config{Box: "kiosk", URL: "https://kiosk.example:8006", Node: "pve", Clock: clock.Real(),
		Login: fleet.Login{TokenID: "accolade@pve!controller", User: "accolade@pve", Secret: secret.New("0000-SECRET")},
		Wrap:  func(http.RoundTripper) http.RoundTripper { return w }})
}

// Failures carry the words of the box and answer to what a caller decides by.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		line, body string
		is         error
		words      string
	}{
		{"500 VM 100 already exists on node 'pve'", `{"data":null}`, fleet.ErrExists, "VM 100 already exists on node 'pve'"},
		{"500 unable to create VM 100 - VM 100 already exists on node 'pve'", "", fleet.ErrExists, "already exists"},
		{"500 Configuration file 'nodes/pve/qemu-server/100.conf' does not exist", "", fleet.ErrNotFound, "does not exist"},
		{"500 can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", "", fleet.ErrLockTimeout, "got timeout"},
		{"500 VM is locked (backup)", "", fleet.ErrLocked, "VM is locked (backup)"},
		{"500 unable to activate storage 'hdd' - directory '/mnt/pve/hdd' does not exist or is unreachable", "", fleet.ErrStorageAway, "unreachable"},
		{"500 storage 'local-lvm' is not online", "", fleet.ErrStorageAway, "local-lvm"},
		{"500 vault: error fetching datastores - 500 Can't connect to vault.test:8007 (No route to host)", "", fleet.ErrStorageAway, "No route to host"},
		{"500 QEMU guest agent is not running", "", fleet.ErrAgentDown, "guest agent"},
		{"500 VM 100 is not running", "", fleet.ErrAgentDown, "is not running"},
		{"401 Authentication failed!", "", fleet.ErrUnauthorized, "Authentication failed!"},
		{"403 Permission check failed (/vms/100, VM.Backup)", "", fleet.ErrRefused, "VM.Backup"},
		{"595 Connection refused", "", fleet.ErrUnreachable, "Connection refused"},
		{"596 Connection timed out", "", fleet.ErrUnreachable, "timed out"},
	} {
		_, err := testClient(reply(c.line, c.body)).StartVM(t.Context(), 100)
		if !errors.Is(err, c.is) {
			t.Errorf("%s: %v is not %v", c.line, err, c.is)
		}
		if err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "box kiosk") {
			t.Errorf("%s: the error %q should name the box and say %q", c.line, err, c.words)
		}
	}
}

func TestRefusedTellsPathAndPrivilege(t *testing.T) {
	_, err := testClient(reply("403 Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)", "")).StartVM(t.Context(), 100)
	r, ok := errors.AsType[*Refused](err)
	if !ok || r.Path != "/vms/100" || strings.Join(r.Privileges, " ") != "VM.GuestAgent.Audit VM.GuestAgent.Unrestricted" {
		t.Errorf("got %#v (%v)", r, err)
	}
}

func TestParamErrorNamesEachParameter(t *testing.T) {
	_, err := testClient(reply("400 Parameter verification failed.", `{"errors":{"cores":"value must be at least 1\n","name":"bad"},"message":"Parameter verification failed.\n","data":null}`)).
		CreateVM(t.Context(), 100, map[string]any{"cores": 0})
	p, ok := errors.AsType[*paramError](err)
	if !ok || p.Params["name"] != "bad" || !strings.Contains(err.Error(), "cores: value must be at least 1; name: bad") {
		t.Errorf("got %#v (%v)", p, err)
	}
}

// A read is tried again when the answer is lost; a change never is.
func TestOnlyReadsAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := map[string]int{}
		c := testClient(func(r *http.Request) (*http.Response, error) {
			sent[r.Method]++
			return nil, io.ErrUnexpectedEOF
		})
		if _, err := c.VMs(t.Context()); !errors.Is(err, fleet.ErrUnreachable) {
			t.Errorf("a lost answer to a read gives %v", err)
		}
		if _, err := c.CreateVM(t.Context(), 100, nil); !errors.Is(err, fleet.ErrUnreachable) {
			t.Errorf("a lost answer to a create gives %v", err)
		}
		if err := c.SetVMConfig(t.Context(), 100, map[string]any{"protection": true}); !errors.Is(err, fleet.ErrUnreachable) {
			t.Errorf("a lost answer to a change gives %v", err)
		}
		if sent["GET"] != 3 || sent["POST"] != 1 || sent["PUT"] != 1 {
			t.Errorf("sent %v, want 3 GET, 1 POST, 1 PUT", sent)
		}
	})
}

func TestCancelledRequestIsNotTriedAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	c := testClient(func(*http.Request) (*http.Response, error) {
		n++
		cancel()
		return nil, ctx.Err()
	})
	if _, err := c.VMs(ctx); !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("got %v after %d requests", err, n)
	}
	if _, err := c.Upload(ctx, "accolade", "iso", "x.iso", []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("an upload with a cancelled context gives %v", err)
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	c := testClient(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
	err := c.AddVault(t.Context(), fleet.StorageConfig{Name: "vault"}, secret.New("0000-SECRET"), secret.New("KEY-SECRET"))
	if err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("error %v", err)
	}
}

// taskWire plays a task that runs for a while.
type taskWire struct {
	began  time.Time
	lasts  time.Duration
	exit   string
	line   func(time.Duration) []string
	killed bool // it ends without a last word
	polled []time.Duration
	looks  int
}

// said is the log, with the last line that Proxmox writes.
func (w *taskWire) said(ran time.Duration) []string {
	var log []string
	if w.line != nil {
		log = w.line(ran)
	}
	switch {
	case ran < w.lasts || w.killed:
	case w.exit == "OK" || strings.HasPrefix(w.exit, "WARNINGS"):
		log = append(log, "TASK "+w.exit)
	default:
		log = append(log, "TASK ERROR: "+w.exit)
	}
	return log
}

func (w *taskWire) RoundTrip(r *http.Request) (*http.Response, error) {
	ran := time.Since(w.began)
	if strings.HasSuffix(r.URL.Path, "/log") {
		type row struct {
			N int    `json:"n"`
			T string `json:"t"`
		}
		w.looks++
		rows := []row{}
		for i, l := range w.said(ran) {
			rows = append(rows, row{i + 1, l})
		}
		var start int
		for _, c := range r.URL.Query().Get("start") {
			start = start*10 + int(c-'0')
		}
		b, err := json.Marshal(map[string]any{"data": rows[min(start, len(rows)):]})
		if err != nil {
			return nil, err
		}
		return reply("200 OK", string(b))(r)
	}
	w.polled = append(w.polled, ran)
	if ran < w.lasts {
		return reply("200 OK", `{"data":{"status":"running"}}`)(r)
	}
	b, err := json.Marshal(map[string]any{"data": map[string]any{"status": "stopped", "exitstatus": w.exit}})
	if err != nil {
		return nil, err
	}
	return reply("200 OK", string(b))(r)
}

const upid = "UPID:pve:00004675:0005B36F:6A4A8EED:qmcreate:9101:accolade@pve!controller:"

func TestWait(t *testing.T) {
	for name, c := range map[string]struct {
		exit     string
		lasts    time.Duration
		ok       bool
		warnings int
		is       error
		killed   bool
	}{
		"ends well":          {"OK", 3 * time.Second, true, 0, nil, false},
		"ends with warnings": {"WARNINGS: 2", time.Second, true, 2, nil, false},
		"lasts for hours":    {"OK", 5 * time.Hour, true, 0, nil, false},
		"fails":              {"no space left on device", time.Second, false, 0, nil, false},
		"could not lock":     {"can't lock file '/var/lock/x' - got timeout", time.Second, false, 0, fleet.ErrLockTimeout, false},
		"was killed":         {"unexpected status", 10 * time.Minute, false, 0, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &taskWire{began: time.Now(), lasts: c.lasts, exit: c.exit, killed: c.killed, line: func(ran time.Duration) []string {
					return make([]string, 1+int(ran/(30*time.Minute)))
				}}
				task, err := testClient(w.RoundTrip).Wait(t.Context(), upid, nil)
				if (err == nil) != c.ok || task.OK != c.ok || task.Warnings != c.warnings {
					t.Errorf("Wait = %+v, %v", task, err)
				}
				if c.killed != operation.IsTransient(err) && c.is == nil {
					t.Errorf("%v: transient is not what was expected", err)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("%v is not %v", err, c.is)
				}
				if over := time.Since(w.began) - c.lasts; over > max(3*time.Second, c.lasts/5) {
					t.Errorf("noticed the end %s late", over)
				}
				if w.looks > 5+2*int(math.Sqrt(c.lasts.Seconds())) {
					t.Errorf("%d looks at a task of %s", w.looks, c.lasts)
				}
			})
		})
	}
}

// With progress in the log the end is foreseen: no poll is late by more than a moment.
func TestWaitForeseesTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fractions []float64
		w := &taskWire{began: time.Now(), lasts: 10 * time.Minute, exit: "OK", line: func(ran time.Duration) []string {
			var out []string
			for p := 1; time.Duration(p)*6*time.Second <= ran && p <= 100; p++ {
				out = append(out, "transferred 1.0 GiB of 8.0 GiB ("+string(rune('0'+p/10))+string(rune('0'+p%10))+".00%)")
			}
			return out
		}}
		_, err := testClient(w.RoundTrip).Wait(t.Context(), upid, func(f float64, _ string) { fractions = append(fractions, f) })
		if err != nil {
			t.Fatal(err)
		}
		if over := time.Since(w.began) - w.lasts; over > 8*time.Second {
			t.Errorf("noticed the end %s late", over)
		}
		if len(fractions) < 5 || w.looks > 20 {
			t.Errorf("progress was told %d times, in %d looks", len(fractions), w.looks)
		}
	})
}

// A task that says nothing is waited for as long as the box says that it runs, and
// whoever waits reads why.
func TestWaitTellsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := ""
		w := &taskWire{began: time.Now(), lasts: 50 * time.Hour, exit: "OK", line: func(time.Duration) []string { return []string{"start"} }}
		_, err := testClient(w.RoundTrip).Wait(t.Context(), upid, func(_ float64, line string) { told += line + "\n" })
		if err != nil {
			t.Errorf("got %v", err)
		}
		if want := "task qmcreate has said nothing for"; !strings.Contains(told, want) || !strings.Contains(told, `its last line: "start"`) {
			t.Errorf("told %q, want that %s", told, want)
		}
	})
}

// The last line of a log is its end: one request is enough.
func TestTheLogTellsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &taskWire{began: time.Now(), lasts: time.Hour, line: func(ran time.Duration) []string {
			return []string{"start", "TASK WARNINGS: 3"}
		}}
		task, err := testClient(w.RoundTrip).Wait(t.Context(), upid, nil)
		if err != nil || !task.OK || task.Warnings != 3 || len(w.polled) != 0 || w.looks != 1 {
			t.Errorf("%+v, %v; %d looks and %d questions", task, err, w.looks, len(w.polled))
		}
	})
}

func TestWaitHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		w := &taskWire{began: time.Now(), lasts: time.Hour}
		if _, err := testClient(w.RoundTrip).Wait(ctx, upid, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(w.began); took > 4*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// A wrong certificate is told with both fingerprints, and tried once.
func TestPinnedCertificate(t *testing.T) {
	n := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		io.WriteString(w, `{"data":{"version":"9.2.4"}}`)
	}))
	srv.Config.ErrorLog = nil
	defer srv.Close()
	right := pin.Fingerprint(srv.Certificate().Raw)
	wrong := strings.Repeat("AA:", 31) + "AA"
	c := New(Config{Box: "kiosk", URL: srv.URL, Fingerprint: wrong, Clock: clock.Real()})
	_, err := c.Version(t.Context())
	e, ok := errors.AsType[*pin.Error](err)
	if !ok || e.Want != wrong || e.Got != right || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), right) || n != 0 {
		t.Errorf("got %v after %d requests", err, n)
	}
	c = New(Config{Box: "kiosk", URL: srv.URL, Fingerprint: right, Clock: clock.Real()})
	defer c.Close()
	if v, err := c.Version(t.Context()); v != "9.2.4" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
}
