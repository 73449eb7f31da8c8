package pve

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How long a ticket is good for, and how far its time may lie ahead.
const (
	ticketLife  = 2 * time.Hour
	ticketGrace = 5 * time.Minute
)

// ticketFor makes a login ticket: PVE:USER@REALM:HEXTIME::SIGNATURE. The real one is
// signed by RSA; only the server itself looks at the signature.
func (a *access) ticketFor(name string, now time.Time) string {
	text := fmt.Sprintf("PVE:%s:%08X", name, now.Unix())
	return text + "::" + base64.StdEncoding.EncodeToString(a.sign("ticket", text))
}

// verifyTicket gives the user of a valid ticket.
func (a *access) verifyTicket(ticket string, now time.Time) (string, bool) {
	text, signature, ok := strings.Cut(ticket, "::")
	if !ok {
		return "", false
	}
	got, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(got, a.sign("ticket", text)) {
		return "", false
	}
	rest, ok := strings.CutPrefix(text, "PVE:")
	i := strings.LastIndexByte(rest, ':')
	if !ok || i < 0 || !inTime(rest[i+1:], now) {
		return "", false
	}
	return rest[:i], true
}

// csrfFor makes the token that writes with a ticket must carry.
func (a *access) csrfFor(name string, now time.Time) string {
	stamp := fmt.Sprintf("%08X", now.Unix())
	return stamp + ":" + a.csrfSignature(stamp, name)
}

func (a *access) csrfSignature(stamp, name string) string {
	mac := hmac.New(sha256.New, a.Key)
	fmt.Fprintf(mac, "csrf:%s:%s", stamp, name)
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

func (a *access) verifyCSRF(token, name string, now time.Time) bool {
	if plain, err := url.PathUnescape(token); err == nil {
		token = plain
	}
	stamp, signature, ok := strings.Cut(token, ":")
	return ok && hmac.Equal([]byte(signature), []byte(a.csrfSignature(stamp, name))) && inTime(stamp, now)
}

func inTime(stamp string, now time.Time) bool {
	at, err := strconv.ParseInt(stamp, 16, 64)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(at, 0))
	return age > -ticketGrace && age < ticketLife
}

func (a *access) sign(use, text string) []byte {
	mac := hmac.New(sha512.New, a.Key)
	fmt.Fprintf(mac, "%s:%s", use, text)
	sum := mac.Sum(nil)
	// as long as the real, RSA-made signature, for clients with too short a field
	for len(sum) < 256 {
		mac.Reset()
		mac.Write(sum)
		sum = mac.Sum(sum)
	}
	return sum
}
