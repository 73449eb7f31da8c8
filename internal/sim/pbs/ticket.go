package pbs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ticketLife is how long a login is good for.
const ticketLife = 2 * time.Hour

func (a *access) mac(use, text string) string {
	m := hmac.New(sha256.New, a.Key)
	fmt.Fprintf(m, "%s:%s", use, text)
	return base64.RawStdEncoding.EncodeToString(m.Sum(nil))
}

// ticketFor makes PBS:USER@REALM:HEXTIME::SIGNATURE.
func (a *access) ticketFor(id authID, now time.Time) string {
	text := fmt.Sprintf("PBS:%s:%08X", id, now.Unix())
	return text + "::" + a.mac("ticket", text)
}

func (a *access) verifyTicket(ticket string, now time.Time) (authID, bool) {
	text, signature, _ := strings.Cut(ticket, "::")
	if !hmac.Equal([]byte(signature), []byte(a.mac("ticket", text))) {
		return "", false
	}
	rest, ok := strings.CutPrefix(text, "PBS:")
	i := strings.LastIndexByte(rest, ':')
	if !ok || i < 0 || !inTime(rest[i+1:], now) {
		return "", false
	}
	return authID(rest[:i]), true
}

func (a *access) csrfFor(id authID, now time.Time) string {
	stamp := fmt.Sprintf("%08X", now.Unix())
	return stamp + ":" + a.mac("csrf", stamp+":"+string(id))
}

func (a *access) verifyCSRF(token string, id authID, now time.Time) bool {
	stamp, signature, _ := strings.Cut(token, ":")
	return hmac.Equal([]byte(signature), []byte(a.mac("csrf", stamp+":"+string(id)))) && inTime(stamp, now)
}

func inTime(stamp string, now time.Time) bool {
	at, err := strconv.ParseInt(stamp, 16, 64)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(at, 0))
	return age > -5*time.Minute && age < ticketLife
}
