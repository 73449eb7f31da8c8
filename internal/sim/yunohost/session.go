package yunohost

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Session is a login of the web admin.
type Session struct {
	ID      string    `json:"id"`
	User    string    `json:"user"`
	LastUse time.Time `json:"last_use"`
}

// sessionLife is how long a session lasts after its last use.
const sessionLife = 3 * 24 * time.Hour

const cookieName = "yunohost.admin"

// claims are what a session's token says.
type claims struct {
	User string `json:"user"`
	ID   string `json:"id"`
}

func (s *State) sign(text string) string {
	mac := hmac.New(sha256.New, []byte(s.CookieSecret))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// token is a JWT signed with HS256.
func (s *State) token(x *Session) (string, error) {
	payload, err := json.Marshal(claims{x.User, x.ID})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + s.sign(text), nil
}

// session is the live session of a request's cookie, prolonged by this use; nil when
// there is none.
func (s *State) session(r *http.Request, now time.Time) *Session {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	i := strings.LastIndex(cookie.Value, ".")
	if i < 0 || !hmac.Equal([]byte(cookie.Value[i+1:]), []byte(s.sign(cookie.Value[:i]))) {
		return nil
	}
	_, payload, _ := strings.Cut(cookie.Value[:i], ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	var c claims
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return nil
	}
	for _, x := range s.Sessions {
		if x.ID == c.ID && x.User == c.User {
			if now.Sub(x.LastUse) > sessionLife {
				return nil
			}
			x.LastUse = now.UTC()
			return x
		}
	}
	return nil
}

// login opens a session for a member of admins.
func (s *State) login(name, password string, now time.Time) (*Session, bool) {
	u := s.user(name)
	if u == nil || !s.isAdmin(name) || !u.check(password) {
		return nil, false
	}
	s.Sessions = slices.DeleteFunc(s.Sessions, func(x *Session) bool { return now.Sub(x.LastUse) > sessionLife })
	x := &Session{User: name, LastUse: now.UTC(), ID: digest("session", fmt.Sprint(s.Seed), name, now.Format(time.RFC3339Nano), fmt.Sprint(len(s.Sessions)))}
	s.Sessions = append(s.Sessions, x)
	return x, true
}

func (s *State) logout(x *Session) {
	s.Sessions = slices.DeleteFunc(s.Sessions, func(y *Session) bool { return y == x })
}
