// Package pin trusts exactly one certificate. Boxes, vaults and fresh servers sign
// their own, so a chain says nothing: what is compared is the SHA-256 of the leaf.
//
// It never learns a fingerprint by itself: that was read on the machine, by a person or
// through the guest agent.
package pin

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Error is a certificate that is not the one pinned: another machine answers
// at that address, or the one there has a new certificate.
type Error struct {
	Want, Got string // SHA-256 fingerprints, 32 upper-case hex pairs with colons
}

func (e *Error) Error() string {
	return fmt.Sprintf("certificate fingerprint is %s, not %s as pinned", e.Got, e.Want)
}

// Fingerprint writes the SHA-256 of a certificate (DER) as Proxmox does.
func Fingerprint(der []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(der)), " ", ":")
}

// connectionBuffer is enough for the head of a request or an answer; bodies that are
// larger go past it. Each of hundreds of idle connections holds two of them.
const connectionBuffer = 1 << 10 // bytes

// Transport is a transport that trusts exactly the leaf with that fingerprint, asks
// no proxy, and keeps one idle connection. Its time-outs are on the real clock.
func Transport(fingerprint string) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   1,
		IdleConnTimeout:       10 * time.Minute,
		ReadBufferSize:        connectionBuffer,
		WriteBufferSize:       connectionBuffer,
		TLSClientConfig:       TLS(fingerprint),
	}
}

// TLS trusts exactly the leaf with that fingerprint.
func TLS(fingerprint string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // the chain says nothing of a self-signed machine; VerifyConnection compares the leaf itself
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("no certificate was shown")
			}
			if got := Fingerprint(state.PeerCertificates[0].Raw); got != fingerprint {
				return &Error{Want: fingerprint, Got: got}
			}
			return nil
		},
	}
}
