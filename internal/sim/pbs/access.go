package pbs

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// authID is who calls: USER@REALM or USER@REALM!TOKEN; "" for nobody.
type authID string

const root authID = "root@pam"

func (a authID) isToken() bool { return strings.Contains(string(a), "!") }

// user is the owner of a token, or the user itself.
func (a authID) user() authID {
	user, _, _ := strings.Cut(string(a), "!")
	return authID(user)
}

// tokenName is the token's own name.
func (a authID) tokenName() string {
	_, name, _ := strings.Cut(string(a), "!")
	return name
}

// access is a server's user configuration.
type access struct {
	Key    []byte            `json:"key"` // signs tickets
	Users  map[authID]*user  `json:"users"`
	Tokens map[authID]*token `json:"tokens"`
	ACL    []aclEntry        `json:"acl"`
}

// user is an account.
type user struct {
	Disabled  bool   `json:"disabled,omitempty"`
	Expire    int64  `json:"expire,omitempty"` // Unix seconds, 0 never
	Comment   string `json:"comment,omitempty"`
	Firstname string `json:"firstname,omitempty"`
	Lastname  string `json:"lastname,omitempty"`
	Email     string `json:"email,omitempty"`
	Password  string `json:"password,omitempty"`
}

// token is an API token. Its rights are always its own, within its owner's.
type token struct {
	Secret   string `json:"secret"`
	Disabled bool   `json:"disabled,omitempty"`
	Expire   int64  `json:"expire,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

// aclEntry gives a role on a path to a user or a token.
type aclEntry struct {
	Path      string `json:"path"`
	ID        authID `json:"id"`
	Role      string `json:"role"`
	Propagate bool   `json:"propagate"`
}

func newAccess() access {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return access{Key: key, Users: map[authID]*user{root: {}}, Tokens: map[authID]*token{}}
}

// SetPassword sets the password of a user that is there; root@pam always is.
func (s *Server) SetPassword(userid, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.state.Access.Users[authID(userid)]
	if u == nil {
		return fmt.Errorf("no such user '%s'", userid)
	}
	u.Password = password
	return nil
}

// AddToken gives a user a token of a known secret, and the token a role on "/", for
// a token by itself may do nothing; "" for no role.
func (s *Server) AddToken(userid, name, secret, role string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &s.state.Access
	if a.Users[authID(userid)] == nil {
		return fmt.Errorf("no such user '%s'", userid)
	}
	id := authID(userid + "!" + name)
	a.Tokens[id] = &token{Secret: secret}
	if role != "" {
		a.setACL(aclEntry{Path: "/", ID: id, Role: role, Propagate: true}, false)
	}
	return nil
}

// active tells whether a user or token may log in.
func (a *access) active(id authID, now time.Time) bool {
	u := a.Users[id.user()]
	if u == nil || u.Disabled || (u.Expire != 0 && u.Expire <= now.Unix()) {
		return false
	}
	if !id.isToken() {
		return true
	}
	t := a.Tokens[id]
	return t != nil && !t.Disabled && (t.Expire == 0 || t.Expire > now.Unix())
}

// openCalls need no login.
var openCalls = []string{"GET /ping", "GET /access/domains", "POST /access/ticket", "DELETE /access/ticket", "POST /access/openid/login", "POST /access/openid/auth-url"}

func unauthorized(why string) error {
	return &failure{Status: http.StatusUnauthorized, Text: "authentication failed - " + why}
}

// authenticate tells who makes a request: by a ticket in the cookie, or else by an
// API token, whose secret follows a colon.
func (s *Server) authenticate(req *http.Request, rel string) (authID, error) {
	if slices.Contains(openCalls, req.Method+" "+strings.TrimSuffix(rel, "/")) {
		return "", nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.world.Now()
	if ticket := cookie(req.Header.Get("Cookie")); ticket != "" {
		id, ok := s.state.Access.verifyTicket(ticket, now)
		switch {
		case !ok:
			return "", unauthorized("invalid ticket")
		case !s.state.Access.active(id, now):
			return "", unauthorized("user account disabled or expired.")
		case req.Method != http.MethodGet && !s.state.Access.verifyCSRF(req.Header.Get("CSRFPreventionToken"), id, now):
			return "", unauthorized("invalid CSRF prevention token")
		}
		return id, nil
	}
	header := req.Header.Get("Authorization")
	value, ok := strings.CutPrefix(header, "PBSAPIToken=")
	if !ok {
		value, ok = strings.CutPrefix(header, "PBSAPIToken ")
	}
	if !ok {
		return "", unauthorized("no authentication credentials provided.")
	}
	if plain, err := url.PathUnescape(value); err == nil {
		value = plain
	}
	id, err := s.state.Access.byToken(value, now)
	if err != nil {
		return "", unauthorized(err.Error())
	}
	return id, nil
}

var tokenForm = regexp.MustCompile(`^[^\s:/[:cntrl:]]+@[A-Za-z0-9_][A-Za-z0-9._\-]*![A-Za-z0-9_][A-Za-z0-9._\-]*$`)

// byToken checks USER@REALM!TOKEN:SECRET.
func (a *access) byToken(value string, now time.Time) (authID, error) {
	name, secret, ok := strings.Cut(value, ":")
	if !ok {
		return "", fmt.Errorf("failed to split API token header")
	}
	if !tokenForm.MatchString(name) {
		return "", fmt.Errorf("invalid token id '%s'", name)
	}
	id := authID(name)
	if !a.active(id, now) {
		return "", fmt.Errorf("user account or token disabled or expired.")
	}
	if subtle.ConstantTimeCompare([]byte(a.Tokens[id].Secret), []byte(secret)) != 1 {
		return "", fmt.Errorf("invalid API token secret")
	}
	return id, nil
}

func cookie(header string) string {
	for part := range strings.SplitSeq(header, ";") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), "PBSAuthCookie="); ok {
			if plain, err := url.PathUnescape(value); err == nil {
				return plain
			}
			return value
		}
	}
	return ""
}

func parseQuery(text string) url.Values {
	values, err := url.ParseQuery(text)
	if err != nil {
		return values // what could be read
	}
	return values
}

// permitted checks what the API description says a method needs, on the parameters
// that stand in the path.
func (s *Server) permitted(m *apispec.Method, who authID, inPath map[string]string) error {
	p := m.Permission
	refused := denied("permission check failed")
	switch {
	case p != nil && p.User == "world":
		return nil
	case who == "":
		return refused
	case p == nil:
		if who == root {
			return nil
		}
		return refused
	case p.User == "all":
		return nil
	case p.Check != nil && s.check(p.Check, who, inPath):
		return nil
	}
	return refused
}

var placeholder = regexp.MustCompile(`\{([^}]+)\}`)

func (s *Server) check(c *apispec.Check, who authID, inPath map[string]string) bool {
	switch c.Op {
	case "and":
		return !slices.ContainsFunc(c.Sub, func(sub *apispec.Check) bool { return !s.check(sub, who, inPath) })
	case "or":
		return slices.ContainsFunc(c.Sub, func(sub *apispec.Check) bool { return s.check(sub, who, inPath) })
	case "user":
		return string(who) == c.Param
	case "userid-param":
		return string(who) == inPath[c.Param]
	case "perm":
		path := placeholder.ReplaceAllStringFunc(c.Path, func(m string) string { return inPath[m[1:len(m)-1]] })
		held := s.state.Access.privs(who, path)
		if c.Any {
			return slices.ContainsFunc(c.Privs, func(p string) bool { _, ok := held[p]; return ok })
		}
		return !slices.ContainsFunc(c.Privs, func(p string) bool { _, ok := held[p]; return !ok })
	}
	return false
}
