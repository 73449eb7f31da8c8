package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// system is a box or the vault, asked directly with a credential of its own: what
// counts is what it says itself, not what Accolade believes.
type system struct {
	base         string
	header, auth string
	client       *http.Client
}

func newSystem(base, fingerprint string) system {
	want := strings.ToLower(strings.ReplaceAll(fingerprint, ":", ""))
	return system{base: base + "/api2/json", client: &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, // the fingerprint decides, below
			VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
				if sum := sha256.Sum256(raw[0]); hex.EncodeToString(sum[:]) != want {
					return errors.New("another certificate than the sandbox's")
				}
				return nil
			},
		}},
	}}
}

func (y system) get(ctx context.Context, path string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, y.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set(y.header, y.auth)
	res, err := y.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(&struct{ Data any }{v})
}

// box logs in with root's password: the token that the sandbox gave was the
// enrolment's, which revoked it. A ticket lasts two hours.
func (s *story) box(ctx context.Context) (system, error) {
	b := s.info.PVE[0]
	y := newSystem(b.URL, b.Fingerprint)
	form := url.Values{"username": {"root@pam"}, "password": {b.RootPassword}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, y.base+"/access/ticket", strings.NewReader(form.Encode()))
	if err != nil {
		return y, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := y.client.Do(req)
	if err != nil {
		return y, err
	}
	defer res.Body.Close()
	var in struct{ Data struct{ Ticket string } }
	if err := json.NewDecoder(res.Body).Decode(&in); err != nil || in.Data.Ticket == "" {
		return y, fmt.Errorf("log in to %s: %s %w", b.Name, res.Status, err)
	}
	y.header, y.auth = "Cookie", "PVEAuthCookie="+url.QueryEscape(in.Data.Ticket)
	return y, nil
}

func (s *story) vault() system {
	y := newSystem(s.info.PBS.URL, s.info.PBS.Fingerprint)
	y.header, y.auth = "Authorization", "PBSAPIToken="+s.info.PBS.Token
	return y
}

// vms counts the virtual machines on the box.
func (s *story) vms(ctx context.Context) (int, error) {
	box, err := s.box(ctx)
	if err != nil {
		return 0, err
	}
	defer box.client.CloseIdleConnections()
	var list []struct{ VMID int }
	err = box.get(ctx, "/nodes/"+s.info.PVE[0].Name+"/qemu", &list)
	return len(list), err
}

// localPoint tells whether the box's HDD lists a backup made since an instant.
func (s *story) localPoint(ctx context.Context, since time.Time) (bool, error) {
	box, err := s.box(ctx)
	if err != nil {
		return false, err
	}
	defer box.client.CloseIdleConnections()
	var list []struct{ CTime int64 }
	if err := box.get(ctx, "/nodes/"+s.info.PVE[0].Name+"/storage/hdd/content?content=backup", &list); err != nil {
		return false, err
	}
	for _, p := range list {
		if p.CTime >= since.Unix() {
			return true, nil
		}
	}
	return false, nil
}

// remotePoint tells whether the vault lists a backup made since an instant, in any
// of its namespaces.
func (s *story) remotePoint(ctx context.Context, since time.Time) (bool, error) {
	vault := s.vault()
	defer vault.client.CloseIdleConnections()
	store := "/admin/datastore/" + url.PathEscape(s.info.PBS.Datastore)
	var spaces []struct{ NS string }
	if err := vault.get(ctx, store+"/namespace", &spaces); err != nil {
		return false, err
	}
	for _, space := range spaces {
		var list []struct {
			Time int64 `json:"backup-time"`
		}
		if err := vault.get(ctx, store+"/snapshots?ns="+url.QueryEscape(space.NS), &list); err != nil {
			return false, err
		}
		for _, p := range list {
			if p.Time >= since.Unix() {
				return true, nil
			}
		}
	}
	return false, nil
}

// addFault puts a fault in force and returns what takes it out again.
func (s *story) addFault(ctx context.Context, rule any) (remove func(context.Context) error, err error) {
	body, err := json.Marshal(rule)
	if err != nil {
		return nil, err
	}
	var added struct{ ID int }
	if err := s.control(ctx, http.MethodPost, "/faults", body, &added); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return s.control(ctx, http.MethodDelete, fmt.Sprintf("/faults/%d", added.ID), nil, nil)
	}, nil
}

func (s *story) control(ctx context.Context, method, path string, body []byte, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.info.Control.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	if v == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(v)
}
