package api

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
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// answerLimit is the largest JSON answer that a client reads, in bytes.
const answerLimit = 64 << 20

// Options say where the controller is and who calls.
type Options struct {
	// Socket is the path of the unix socket; used when URL is empty.
	Socket string
	// URL is https://HOST:PORT of a controller that listens on the network.
	URL string
	// Token is the technician's API token, needed with URL. It is kept out of
	// every error.
	Token string
	// Fingerprint pins the SHA-256 of the controller's certificate, as hex pairs
	// with or without colons; without it the system's authorities decide.
	Fingerprint string
	// Agent names the caller's program and version.
	Agent string
}

// Client speaks to one controller. It is safe for several goroutines.
type Client struct {
	base    string
	address string
	token   string
	agent   string
	http    *http.Client
	version atomic.Pointer[string]
}

// VersionHeader carries the controller's version in every answer.
const VersionHeader = "Accolade-Version"

// ControllerVersion is what the last answer said, empty before the first one.
func (c *Client) ControllerVersion() string {
	if v := c.version.Load(); v != nil {
		return *v
	}
	return ""
}

// NewClient checks the options; it does not connect yet.
func NewClient(o Options) (*Client, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 10 * time.Second}
	c := &Client{token: o.Token, agent: o.Agent, http: &http.Client{Transport: transport}}
	if o.URL == "" {
		c.base, c.address = "http://accoladed", o.Socket
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", o.Socket)
		}
		return c, nil
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("controller URL %q: want https://HOST:PORT without a path", o.URL)
	}
	if o.Token == "" {
		return nil, fmt.Errorf("controller URL %s: a token is needed beside it", o.URL)
	}
	c.base, c.address = "https://"+u.Host, o.URL
	transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if o.Fingerprint != "" {
		if err := pin(transport.TLSClientConfig, o.Fingerprint); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// pin accepts exactly the certificate of that fingerprint, whoever signed it.
func pin(conf *tls.Config, fingerprint string) error {
	want, err := hex.DecodeString(strings.ToLower(strings.ReplaceAll(fingerprint, ":", "")))
	if err != nil || len(want) != sha256.Size {
		return fmt.Errorf("fingerprint %q: want the SHA-256 of the certificate, 32 hex pairs", fingerprint)
	}
	conf.InsecureSkipVerify = true // the fingerprint decides instead, below
	conf.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		if len(raw) == 0 {
			return errors.New("the controller shows no certificate")
		}
		if got := sha256.Sum256(raw[0]); !bytes.Equal(got[:], want) {
			return fmt.Errorf("the controller's certificate has fingerprint %X, wanted is %X", got, want)
		}
		return nil
	}
	return nil
}

// Close drops the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get reads path into out.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.Do(ctx, http.MethodGet, path, nil, out)
}

// Post sends in to path and reads the answer into out.
func (c *Client) Post(ctx context.Context, path string, in, out any) error {
	return c.Do(ctx, http.MethodPost, path, in, out)
}

// Put sends in to path and reads the answer into out.
func (c *Client) Put(ctx context.Context, path string, in, out any) error {
	return c.Do(ctx, http.MethodPut, path, in, out)
}

// Patch sends in to path and reads the answer into out.
func (c *Client) Patch(ctx context.Context, path string, in, out any) error {
	return c.Do(ctx, http.MethodPatch, path, in, out)
}

// Delete deletes what path names.
func (c *Client) Delete(ctx context.Context, path string) error {
	return c.Do(ctx, http.MethodDelete, path, nil, nil)
}

// Do makes one call. in is sent as JSON, or as it is if it is an io.Reader; nil
// sends no body. The answer is decoded from JSON into out, or copied into it if it
// is an io.Writer; nil drops it. What the controller refuses comes back as *Error,
// a controller that is not there as *Unreachable. A call is never repeated.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.send(ctx, method, path, in, "application/json", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch out := out.(type) {
	case nil:
		_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, answerLimit))
	case io.Writer:
		_, err = io.Copy(out, resp.Body)
	default:
		err = json.NewDecoder(io.LimitReader(resp.Body, answerLimit)).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, in any, accept string, header http.Header) (*http.Response, error) {
	body, kind, err := encode(in)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+Prefix+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", c.agent)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(ctx, method, path, err)
	}
	if v := resp.Header.Get(VersionHeader); v != "" {
		c.version.Store(&v)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, problem(resp)
	}
	return resp, nil
}

func encode(in any) (io.Reader, string, error) {
	switch in := in.(type) {
	case nil:
		return nil, "", nil
	case io.Reader:
		return in, "application/octet-stream", nil
	}
	b, err := json.Marshal(in)
	return bytes.NewReader(b), "application/json", err
}

// lost tells apart that nobody was there (dialling failed) from a call whose
// answer never came, after which nobody knows whether it was carried out.
func (c *Client) lost(ctx context.Context, method, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, os.ErrNotExist) {
		return &Unreachable{Address: c.address, Err: plainCause(err)}
	}
	return fmt.Errorf("%s %s: the connection to the controller was lost before its answer, so the call may have been carried out: %w", method, path, err)
}

// plainCause shortens "dial unix /x: connect: no such file or directory".
func plainCause(err error) error {
	if s, ok := errors.AsType[*os.SyscallError](err); ok {
		return s.Err
	}
	return err
}

func problem(resp *http.Response) error {
	e := &Error{}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("answer %s: %w", resp.Status, err)
	}
	if json.Unmarshal(b, e) != nil || e.Code == "" {
		return &Error{Status: resp.StatusCode, Code: CodeInternal, Detail: fmt.Sprintf("the controller answered %s without a reason", resp.Status)}
	}
	return e
}
