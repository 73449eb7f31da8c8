package pve_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/pbs"
	"codeberg.org/accolade/accolade/internal/sim/pve"
)

// clock is a world whose time the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (*clock) Poke() {}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	c.now = t
	c.mu.Unlock()
}

// site is a box and a vault, reached as clients reach them.
type site struct {
	t     *testing.T
	clock *clock
	box   *pve.Box
	vault *pbs.Server
	door  *httptest.Server
	web   *httptest.Server
	image []byte
	token string
}

const fingerprint = "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"

func newSite(t *testing.T, configure ...func(*pve.Config)) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{now: time.Date(2026, 9, 14, 13, 0, 0, 0, time.UTC)}, image: pve.CloudImage(3<<30, 1100<<20, 340<<20)}
	s.vault = pbs.New(pbs.Config{World: s.clock, Seed: 1})
	s.vault.Listens("vault", 8007, fingerprint)
	s.vault.AddDatastore("central", 4<<40)
	if err := s.vault.AddToken("root@pam", "box", "secret-of-the-vault", "Admin"); err != nil {
		t.Fatal(err)
	}
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/images/debian-12-genericcloud-amd64.qcow2" {
			http.NotFound(w, r)
			return
		}
		if _, err := w.Write(s.image); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.web.Close)
	cfg := pve.Config{Name: "pve", Version: "9.2", World: s.clock, Seed: 7, Vaults: s.vault, Downloads: s.web.URL,
		Report: func(fault string) { t.Errorf("answer: %s", fault) }}
	for _, f := range configure {
		f(&cfg)
	}
	s.box = pve.NewBox(cfg)
	if err := s.box.AddToken("root@pam", "test", "0b9d4d8c-2a4c-4a4e-9a56-8f3f6f2d1f11", false); err != nil {
		t.Fatal(err)
	}
	s.token = "root@pam!test=0b9d4d8c-2a4c-4a4e-9a56-8f3f6f2d1f11"
	s.open()
	return s
}

// open serves the box; again after it was replaced.
func (s *site) open() {
	if s.door != nil {
		s.door.Close()
	}
	s.door = httptest.NewServer(s.box.Handler())
	s.t.Cleanup(s.door.Close)
}

// run lets simulated time go to an instant, through every event on the way.
func (s *site) run(to time.Time) {
	s.t.Helper()
	for range 200_000 {
		next := s.box.NextEvent()
		if v := s.vault.NextEvent(); !v.IsZero() && (next.IsZero() || v.Before(next)) {
			next = v
		}
		if next.IsZero() || next.After(to) {
			s.clock.set(to)
			s.box.Advance(to)
			s.vault.Advance(to)
			return
		}
		if next.After(s.clock.Now()) {
			s.clock.set(next)
		}
		s.vault.Advance(s.clock.Now())
		s.box.Advance(s.clock.Now())
	}
	s.t.Fatalf("too many events before %s", to)
}

func (s *site) wait(d time.Duration) { s.t.Helper(); s.run(s.clock.Now().Add(d)) }

// answer is what came back over the wire.
type answer struct {
	status int
	reason string
	data   json.RawMessage
	errors map[string]string
}

func (a answer) String() string {
	return fmt.Sprintf("%d %s %s %v", a.status, a.reason, a.data, a.errors)
}

// call makes a request with parameters as a=b pairs.
func (s *site) call(verb, path string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		form.Add(k, v)
	}
	target := s.door.URL + "/api2/json" + path
	var body io.Reader
	if verb == http.MethodPost || verb == http.MethodPut {
		body = strings.NewReader(form.Encode())
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequestWithContext(s.t.Context(), verb, target, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.do(req)
}

func (s *site) do(req *http.Request) answer {
	s.t.Helper()
	req.Header.Set("Authorization", "PVEAPIToken="+s.token)
	return s.doAs(req)
}

// doAs sends a request with whatever credentials it has.
func (s *site) doAs(req *http.Request) answer {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	out := answer{status: resp.StatusCode, reason: strings.TrimSpace(strings.TrimPrefix(resp.Status, fmt.Sprint(resp.StatusCode)))}
	var parsed struct {
		Data   json.RawMessage
		Errors map[string]string
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &parsed); err != nil {
			s.t.Fatalf("%s %s: body %q: %v", req.Method, req.URL.Path, raw, err)
		}
	}
	out.data, out.errors = parsed.Data, parsed.Errors
	return out
}

// must makes a request that has to succeed and reads its data into v, if given.
func (s *site) must(v any, verb, path string, pairs ...string) {
	s.t.Helper()
	a := s.call(verb, path, pairs...)
	if a.status != http.StatusOK {
		s.t.Fatalf("%s %s %v: %s", verb, path, pairs, a)
	}
	if v != nil {
		if err := json.Unmarshal(a.data, v); err != nil {
			s.t.Fatalf("%s %s: %s: %v", verb, path, a.data, err)
		}
	}
}

// refused makes a request that has to fail with a reason that contains text.
func (s *site) refused(status int, text, verb, path string, pairs ...string) {
	s.t.Helper()
	a := s.call(verb, path, pairs...)
	if a.status != status || !strings.Contains(a.String(), text) {
		s.t.Errorf("%s %s %v: got %s, want %d %s", verb, path, pairs, a, status, text)
	}
}

// task starts something and waits for its end, which has to be exit.
func (s *site) task(exit, verb, path string, pairs ...string) []string {
	s.t.Helper()
	var upid string
	s.must(&upid, verb, path, pairs...)
	return s.ends(upid, exit)
}

type taskState struct{ Status, ExitStatus string }

// ends waits for a task and gives its log.
func (s *site) ends(upid, exit string) []string {
	s.t.Helper()
	var state taskState
	for range 20_000 {
		s.must(&state, "GET", "/nodes/pve/tasks/"+upid+"/status")
		if state.Status == "stopped" {
			break
		}
		s.wait(time.Second)
	}
	log := s.log(upid)
	if state.Status != "stopped" || !strings.Contains(state.ExitStatus, exit) || exit == "OK" && state.ExitStatus != "OK" {
		s.t.Fatalf("task %s: %s %q, want %q; log:\n%s", upid, state.Status, state.ExitStatus, exit, strings.Join(log, "\n"))
	}
	return log
}

func (s *site) log(upid string) []string {
	s.t.Helper()
	var lines []struct{ T string }
	s.must(&lines, "GET", "/nodes/pve/tasks/"+upid+"/log", "limit=5000")
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.T
	}
	return out
}

// content lists a storage.
func (s *site) content(storage string, pairs ...string) []contentItem {
	s.t.Helper()
	var list []contentItem
	s.must(&list, "GET", "/nodes/pve/storage/"+storage+"/content", pairs...)
	return list
}

type contentItem struct {
	Volid, Format, Notes, Content, Subtype, Encrypted string
	Ctime, Size                                       int64
	VMID, Protected                                   int
}

// upload puts a file on a storage.
func (s *site) upload(storage, content, name string, data []byte) answer {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("content", content); err != nil {
		s.t.Fatal(err)
	}
	part, err := form.CreateFormFile("filename", name)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.door.URL+"/api2/json/nodes/pve/storage/"+storage+"/upload", &body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return s.do(req)
}

// enrol makes disks, storages, pool and jobs as an enrolment does.
func (s *site) enrol() {
	s.t.Helper()
	s.task("OK", "POST", "/nodes/pve/disks/directory", "device=/dev/sdb", "name=hdd", "filesystem=ext4", "add_storage=0")
	s.must(nil, "POST", "/storage", "type=dir", "storage=hdd", "path=/mnt/pve/hdd", "content=backup", "is_mountpoint=1", "nodes=pve")
	s.must(nil, "POST", "/storage", "type=dir", "storage=accolade", "path=/var/lib/accolade", "content=iso,import")
	s.must(nil, "POST", "/storage", "type=pbs", "storage=vault", "server=vault", "datastore=central", "username=root@pam!box",
		"password=secret-of-the-vault", "fingerprint="+fingerprint, "encryption-key=autogen", "content=backup")
	s.must(nil, "POST", "/pools", "poolid=accolade")
}

// provision makes a VM from a cloud image.
func (s *site) provision(vmid int) {
	s.t.Helper()
	sum := sha512.Sum512(s.image)
	if len(s.content("accolade", "content=import")) == 0 {
		s.task("OK", "POST", "/nodes/pve/storage/accolade/download-url", "content=import", "filename=debian-12-genericcloud-amd64.qcow2",
			"url="+s.web.URL+"/images/debian-12-genericcloud-amd64.qcow2", "checksum="+hex.EncodeToString(sum[:]), "checksum-algorithm=sha512")
	}
	s.task("OK", "POST", "/nodes/pve/qemu", fmt.Sprint("vmid=", vmid), "name=kiosk", "pool=accolade", "ostype=l26", "cpu=host", "cores=2", "memory=8192",
		"scsihw=virtio-scsi-single", "scsi0=local-lvm:0,import-from=accolade:import/debian-12-genericcloud-amd64.qcow2,discard=on,ssd=1,iothread=1",
		"net0=virtio,bridge=vmbr0", "agent=enabled=1,fstrim_cloned_disks=1", "serial0=socket", "vga=serial0", "onboot=1", "description=operation 42")
	s.task("OK", "PUT", fmt.Sprintf("/nodes/pve/qemu/%d/resize", vmid), "disk=scsi0", "size=64G")
	s.task("OK", "POST", fmt.Sprintf("/nodes/pve/qemu/%d/status/start", vmid))
}
