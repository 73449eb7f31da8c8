package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sim/fault"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

func start(t *testing.T, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	o.Report = func(fault string) { t.Errorf("simulated answer: %s", fault) }
	s, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func client(t *testing.T) *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func get(t *testing.T, c *http.Client, url, auth string) (int, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	return res.StatusCode, body, nil
}

func TestEveryAddressAnswersWithItsToken(t *testing.T) {
	for _, version := range []string{"8.4", "9.2"} {
		s := start(t, sandbox.Options{Boxes: 2, Version: version, Speed: 1000})
		info := s.Info()
		c := client(t)
		if len(info.PVE) != 2 {
			t.Fatalf("%d boxes, want 2", len(info.PVE))
		}
		for _, b := range info.PVE {
			code, body, err := get(t, c, b.URL+"/api2/json/version", "PVEAPIToken="+b.Token)
			if err != nil || code != http.StatusOK || !bytes.Contains(body, []byte(`"`+version)) {
				t.Errorf("%s: %d %s %v, want version %s", b.Name, code, body, err, version)
			}
			var nodes struct{ Data []struct{ Node string } }
			_, body, err = get(t, c, b.URL+"/api2/json/nodes", "PVEAPIToken="+b.Token)
			if err != nil || json.Unmarshal(body, &nodes) != nil || len(nodes.Data) != 1 || nodes.Data[0].Node != b.Name {
				t.Errorf("nodes of %s: %s %v, want one of that name", b.Name, body, err)
			}
		}
		vault := info.PBS.URL + "/api2/json/admin/datastore/" + info.PBS.Datastore + "/status"
		code, body, err := get(t, c, vault, "PBSAPIToken="+info.PBS.Token)
		if err != nil || code != http.StatusOK || !bytes.Contains(body, []byte(`"avail"`)) {
			t.Errorf("vault: %d %s %v", code, body, err)
		}
		if code, _, err := get(t, c, vault, "PBSAPIToken="+info.PBS.Token+"x"); err != nil || code != http.StatusUnauthorized {
			t.Errorf("vault with a wrong token: %d %v, want 401", code, err)
		}
	}
}

func TestTheFingerprintIsTheCertificates(t *testing.T) {
	b := start(t, sandbox.Options{}).Info().PVE[0]
	conn, err := tls.Dial("tcp", strings.TrimPrefix(b.URL, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	if got := strings.Join(pairs, ":"); got != b.Fingerprint {
		t.Errorf("certificate %s, printed %s", got, b.Fingerprint)
	}
}

func TestTheImageHasTheSumThatIsListed(t *testing.T) {
	s := start(t, sandbox.Options{})
	c := client(t)
	url := s.Info().Control.URL + sandbox.ImagePath
	_, img, err := get(t, c, url, "")
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.LastIndex(url, "/") + 1
	_, sums, err := get(t, c, url[:cut]+"SHA512SUMS", "")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(img)
	if want := hex.EncodeToString(sum[:]) + "  " + url[cut:] + "\n"; string(sums) != want {
		t.Errorf("SHA512SUMS says %q, want %q", sums, want)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	o := sandbox.Options{State: t.TempDir(), Listen: "127.0.0.1:0"}
	first, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := first.Info().PVE[0]
	c := client(t)
	req, err := http.NewRequest(http.MethodPost, b.URL+"/api2/json/pools", strings.NewReader("poolid=kept"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+b.Token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("make a pool: %v %v", res, err)
	}
	res.Body.Close()
	before := first.World().Now()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, o)
	again := second.Info().PVE[0]
	url := again.URL
	again.URL = b.URL // other free ports
	if again != b || second.Info().PBS.Token != first.Info().PBS.Token || second.Info().PBS.Fingerprint != first.Info().PBS.Fingerprint {
		t.Errorf("after the restart: %+v, before %+v", again, b)
	}
	if second.World().Now().Before(before) {
		t.Error("time went backwards over the restart")
	}
	code, pools, err := get(t, c, url+"/api2/json/pools", "PVEAPIToken="+b.Token)
	if err != nil || code != http.StatusOK || !bytes.Contains(pools, []byte("kept")) {
		t.Errorf("pools after the restart: %d %s %v", code, pools, err)
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	s := start(t, sandbox.Options{})
	b := s.Info().PVE[0]
	url, auth := b.URL+"/api2/json/version", "PVEAPIToken="+b.Token
	c := client(t)
	post := func(r fault.Rule) {
		t.Helper()
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Post(s.Info().Control.URL+"/faults", "application/json", bytes.NewReader(body))
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("fault: %v %v", res, err)
		}
		res.Body.Close()
	}
	works := func(after string) {
		t.Helper()
		if code, _, err := get(t, c, url, auth); err != nil || code != http.StatusOK {
			t.Errorf("after %s: %d %v", after, code, err)
		}
	}
	for _, kind := range []fault.Kind{fault.ResetBefore, fault.ResetAfter} {
		// All of them: net/http repeats a GET when a kept connection breaks.
		post(fault.Rule{Target: b.Name, Path: "/api2/json/version", Kind: kind, Count: -1})
		if _, _, err := get(t, c, url, auth); err == nil {
			t.Errorf("%s: the request went through", kind)
		}
		s.Faults().Clear()
		works(string(kind))
	}
	post(fault.Rule{Target: b.Name, Kind: fault.Error, Status: 596, Reason: "broken pipe"})
	res, err := c.Get(url)
	if err != nil || res.Status != "596 broken pipe" {
		t.Errorf("error: %v %v, want 596 broken pipe", res, err)
	} else {
		res.Body.Close()
	}
	works("an error with count 1")
	post(fault.Rule{Target: b.Name, Kind: fault.Refused, Count: -1})
	c.CloseIdleConnections()
	if _, _, err := get(t, c, url, auth); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("refused: %v, want connection refused", err)
	}
	s.Faults().Clear()
	works("refused")
}

func TestTheRelayKeepsMail(t *testing.T) {
	s := start(t, sandbox.Options{})
	addr := s.Info().SMTP.Address
	msg := []byte("From: a@example.org\r\nTo: b@example.org\r\nSubject: Bonjour\r\n\r\nHello\r\n")
	if err := smtp.SendMail(addr, nil, "a@example.org", []string{"b@example.org"}, msg); err == nil {
		t.Error("mail was taken without a login")
	}
	auth := smtp.PlainAuth("", "accolade", sandbox.RelayPassword, "127.0.0.1")
	if err := smtp.SendMail(addr, auth, "a@example.org", []string{"b@example.org"}, msg); err != nil {
		t.Fatal(err)
	}
	mails := s.Relay().Mails()
	if len(mails) != 1 || mails[0].Subject != "Bonjour" || !bytes.Contains(mails[0].Data, []byte("Hello")) {
		t.Errorf("mails: %+v", mails)
	}
}

func TestStartRefuses(t *testing.T) {
	for want, o := range map[string]sandbox.Options{
		"allowed are 8.4 and 9.2": {Version: "7.4"},
		"boxes: -1":               {Boxes: -1},
		"listen":                  {Listen: "nowhere"},
		"ports are needed":        {Listen: "127.0.0.1:65534", Boxes: 5},
	} {
		s, err := sandbox.Start(context.Background(), o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", o, err, want)
		}
	}
}
