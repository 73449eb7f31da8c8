package sandbox_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"

	"codeberg.org/accolade/accolade/internal/sim/pve"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

// TestServerByHTTPS makes a server on a reachable site by Proxmox's own API, and then
// speaks to it through the control address.
func TestServerByHTTPS(t *testing.T) {
	s := start(t, sandbox.Options{Reachable: true, Speed: 200_000})
	host := &hostCalls{t: t, c: client(t), info: s.Info().PVE[0]}
	host.task("POST", "/nodes/pve1/storage/local/download-url", url.Values{"content": {"import"}, "filename": {"debian-12-genericcloud-amd64.qcow2"},
		"url": {s.Info().Control.URL + sandbox.ImagePath}})
	host.upload("seed.iso", seedImage(t))
	host.task("POST", "/nodes/pve1/qemu", url.Values{"vmid": {"100"}, "name": {"archi"}, "memory": {"4096"}, "cores": {"2"}, "scsihw": {"virtio-scsi-single"},
		"scsi0": {"local-lvm:0,import-from=local:import/debian-12-genericcloud-amd64.qcow2"}, "net0": {"virtio,bridge=vmbr0"},
		"ide2": {"local:iso/seed.iso,media=cdrom"}, "agent": {"enabled=1"}, "boot": {"order=scsi0"}})
	host.task("PUT", "/nodes/pve1/qemu/100/resize", url.Values{"disk": {"scsi0"}, "size": {"32G"}})
	host.task("POST", "/nodes/pve1/qemu/100/status/start", nil)
	host.until(func() bool {
		_, err := host.call("POST", "/nodes/pve1/qemu/100/agent/ping", nil)
		return err == nil
	})
	host.run("/bin/sh", "-c", "curl -fsSL https://install.yunohost.org | bash -s -- -a")
	host.run("yunohost", "tools", "postinstall", "--domain", "archi.example.org", "--username", "camille", "--fullname", "Camille Le Goff", "--password", "Kouign-Amann-56100",
		"--ignore-dyndns", "--i-have-read-terms-of-services")
	block, _ := pem.Decode([]byte(host.run("cat", "/etc/yunohost/certs/archi.example.org/crt.pem")))
	if block == nil {
		t.Fatal("no certificate on the server")
	}

	var shown []byte
	proxy, err := url.Parse(s.Info().Control.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error { shown = state.PeerCertificates[0].Raw; return nil }}}
	t.Cleanup(transport.CloseIdleConnections)
	web := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	status, body, err := get(t, web, "https://archi.example.org/yunohost/api/installed", "")
	if err != nil || status != http.StatusOK || string(body) != `{"installed": true}` {
		t.Errorf("%d %s %v", status, body, err)
	}
	if sha256.Sum256(shown) != sha256.Sum256(block.Bytes) {
		t.Error("the certificate shown is not the one on the server")
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", "https://archi.example.org/yunohost/api/login", strings.NewReader("credentials=camille%3AKouign-Amann-56100"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Set-Cookie"), "yunohost.admin=") {
		t.Errorf("login: %s %v", res.Status, res.Header)
	}
	if _, _, err := get(t, web, "https://nobody.example.org/yunohost/api/installed", ""); err == nil {
		t.Error("a domain that nobody serves answers")
	}
	host.task("POST", "/nodes/pve1/qemu/100/status/stop", nil)
	if _, _, err := get(t, &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}},
		"https://archi.example.org/yunohost/api/installed", ""); err == nil {
		t.Error("a server that is off answers")
	}
}

// TestUnreachableSite has the same door shut where the site lets no port through.
func TestUnreachableSite(t *testing.T) {
	s := start(t, sandbox.Options{Box: func(c *pve.Config) { c.Port80 = false }})
	proxy, err := url.Parse(s.Info().Control.URL)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	if _, _, err := get(t, web, "https://archi.example.org/", ""); err == nil || !strings.Contains(err.Error(), "Bad Gateway") {
		t.Errorf("%v, want 502", err)
	}
	if _, _, err := get(t, web, "https://archi.example.org:8443/", ""); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("%v, want 403", err)
	}
}

// hostCalls speaks to a box as root.
type hostCalls struct {
	t    *testing.T
	c    *http.Client
	info sandbox.BoxInfo
}

func (h *hostCalls) call(method, path string, form url.Values) (json.RawMessage, error) {
	return h.send(method, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (h *hostCalls) send(method, path, ctype string, body io.Reader) (json.RawMessage, error) {
	target := h.info.URL + "/api2/json" + path
	if text, ok := body.(*strings.Reader); ok && method == "GET" && text.Len() > 0 {
		raw, err := io.ReadAll(text)
		if err != nil {
			return nil, err
		}
		target, body = target+"?"+string(raw), nil
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "PVEAPIToken="+h.info.Token)
	if method != "GET" {
		req.Header.Set("Content-Type", ctype)
	}
	res, err := h.c.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s %s", method, path, res.Status, raw)
	}
	var answer struct{ Data json.RawMessage }
	return answer.Data, json.Unmarshal(raw, &answer)
}

func (h *hostCalls) must(method, path string, form url.Values) json.RawMessage {
	h.t.Helper()
	data, err := h.call(method, path, form)
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

// until asks again until it is so. Simulated time runs fast meanwhile.
func (h *hostCalls) until(so func() bool) {
	h.t.Helper()
	for range 20_000 {
		if so() {
			return
		}
	}
	h.t.Fatal("it never came")
}

// task waits for the end of the task that a call starts.
func (h *hostCalls) task(method, path string, form url.Values) {
	h.t.Helper()
	h.await(h.must(method, path, form))
}

func (h *hostCalls) await(data json.RawMessage) {
	h.t.Helper()
	var upid string
	if err := json.Unmarshal(data, &upid); err != nil {
		h.t.Fatalf("%v: %s", err, data)
	}
	var status struct{ Status, ExitStatus string }
	h.until(func() bool {
		if err := json.Unmarshal(h.must("GET", "/nodes/pve1/tasks/"+url.PathEscape(upid)+"/status", nil), &status); err != nil {
			h.t.Fatal(err)
		}
		return status.Status == "stopped"
	})
	if status.ExitStatus != "OK" {
		h.t.Fatalf("%s: %s", upid, status.ExitStatus)
	}
}

func (h *hostCalls) upload(name string, data []byte) {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("content", "iso"); err != nil {
		h.t.Fatal(err)
	}
	part, err := form.CreateFormFile("filename", name)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		h.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		h.t.Fatal(err)
	}
	upid, err := h.send("POST", "/nodes/pve1/storage/local/upload", form.FormDataContentType(), bytes.NewReader(body.Bytes()))
	if err != nil {
		h.t.Fatal(err)
	}
	h.await(upid)
}

// run runs a command in the guest and gives its output.
func (h *hostCalls) run(argv ...string) string {
	h.t.Helper()
	var started struct{ PID int }
	if err := json.Unmarshal(h.must("POST", "/nodes/pve1/qemu/100/agent/exec", url.Values{"command": argv}), &started); err != nil {
		h.t.Fatal(err)
	}
	var status struct {
		Exited, ExitCode int
		Out              string `json:"out-data"`
		Err              string `json:"err-data"`
	}
	h.until(func() bool {
		if err := json.Unmarshal(h.must("GET", "/nodes/pve1/qemu/100/agent/exec-status", url.Values{"pid": {fmt.Sprint(started.PID)}}), &status); err != nil {
			h.t.Fatal(err)
		}
		return status.Exited == 1
	})
	if status.ExitCode != 0 {
		h.t.Fatalf("%q: exit %d %s%s", argv, status.ExitCode, status.Out, status.Err)
	}
	return status.Out
}

func seedImage(t *testing.T) []byte {
	t.Helper()
	folder := t.TempDir()
	target, err := os.Create(filepath.Join(t.TempDir(), "seed.iso"))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	fsys, err := iso9660.Create(isoFile{target}, 0, 0, 2048, folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"meta-data": "instance-id: one\n", "user-data": "#cloud-config\nhostname: archi\npackage_update: true\npackages: [qemu-guest-agent, curl]\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fsys.Finalize(iso9660.FinalizeOptions{RockRidge: true, VolumeIdentifier: fmt.Sprintf("%-32s", "cidata")}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(target.Name())
	if err != nil {
		t.Fatal(err)
	}
	return append(data, make([]byte, (2048-len(data)%2048)%2048)...)
}

type isoFile struct{ *os.File }

func (d isoFile) Sys() (*os.File, error)                  { return d.File, nil }
func (d isoFile) Writable() (backend.WritableFile, error) { return d.File, nil }
func (d isoFile) Path() string                            { return d.Name() }
