package pve

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// openCalls need no login.
var openCalls = []string{
	"GET /access/domains", "GET /access/ticket", "POST /access/ticket", "POST /access/vncticket",
	"POST /access/openid/login", "POST /access/openid/auth-url",
}

var tokenHeader = regexp.MustCompile(`^(.*)=(.*)$`)

// authenticate tells who makes a request: by a ticket in the cookie, or else in the
// Authorization header, or else by an API token there. Its error is the reason
// phrase of a 401.
func (b *Box) authenticate(req *http.Request, rel string) (identity, error) {
	if slices.Contains(openCalls, req.Method+" "+strings.TrimSuffix(rel, "/")) {
		return identity{}, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock(b.world.Now())
	header := req.Header.Get("Authorization")
	ticket := authValue(req.Header.Get("Cookie"), "PVEAuthCookie")
	if ticket == "" {
		ticket = authValue(header, "PVEAuthCookie")
	}
	upload := req.Method == http.MethodPost && uploadPath.MatchString(rel)
	var who identity
	var err error
	switch token := authValue(header, "PVEAPIToken"); {
	case ticket != "":
		who, err = b.byTicket(ticket, now)
	case token != "":
		who, err = b.byToken(token, now)
	default:
		return identity{}, errors.New("No ticket")
	}
	if err != nil {
		return identity{}, errors.New("Authentication failed!")
	}
	if upload {
		storage := uploadPath.FindStringSubmatch(rel)[2]
		b.forgetRights()
		if !b.allowed(who.ID(), "/storage/"+storage, "Datastore.AllocateTemplate") {
			return identity{}, permissionDenied("/storage/" + storage + ", Datastore.AllocateTemplate")
		}
	}
	if req.Method != http.MethodGet && who.Token == "" && !upload {
		if !b.access.verifyCSRF(req.Header.Get("CSRFPreventionToken"), who.User, now) {
			return identity{}, errors.New("Permission denied - invalid csrf token")
		}
	}
	return who, nil
}

func (b *Box) byTicket(ticket string, now time.Time) (identity, error) {
	name, ok := b.access.verifyTicket(ticket, now)
	if !ok {
		return identity{}, errors.New("invalid PVE ticket")
	}
	return identity{User: name}, b.access.enabled(name, now)
}

func (b *Box) byToken(value string, now time.Time) (identity, error) {
	parts := tokenHeader.FindStringSubmatch(value)
	if parts == nil {
		return identity{}, errors.New("no tokenid specified")
	}
	name, id, ok := splitToken(parts[1])
	if !ok {
		return identity{}, fmt.Errorf("'%s' is not a valid token ID - not able to split into user and token parts", parts[1])
	}
	if err := b.access.enabled(name, now); err != nil {
		return identity{}, err
	}
	t, err := b.access.token(name, id)
	if err != nil {
		return identity{}, err
	}
	if t.Expire != 0 && t.Expire < now.Unix() {
		return identity{}, fmt.Errorf("token '%s' access expired", id)
	}
	if subtle.ConstantTimeCompare([]byte(t.Secret), []byte(parts[2])) != 1 {
		return identity{}, errors.New("invalid token value!")
	}
	return identity{User: name, Token: id}, nil
}

var tokenForm = regexp.MustCompile(`^([^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+)!([A-Za-z][A-Za-z0-9.\-_]+)$`)

// splitToken splits USER@REALM!TOKEN.
func splitToken(id string) (user, token string, ok bool) {
	if !strings.Contains(id, "!") {
		return "", "", false
	}
	m := tokenForm.FindStringSubmatch(id)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// user finds a user by name.
func (a *access) user(name string) (*user, error) {
	u, ok := a.Users[name]
	if !ok {
		return nil, failf("no such user ('%s')", name)
	}
	return u, nil
}

// enabled refuses users that may not log in.
func (a *access) enabled(name string, now time.Time) error {
	u, err := a.user(name)
	switch {
	case err != nil:
		return err
	case !u.Enable:
		return failf("user '%s' is disabled", name)
	case u.Expire != 0 && u.Expire < now.Unix():
		return failf("user '%s' access expired", name)
	}
	return nil
}

// token finds a user's token.
func (a *access) token(name, id string) (*token, error) {
	u, err := a.user(name)
	if err != nil {
		return nil, err
	}
	t, ok := u.Tokens[id]
	if !ok {
		return nil, failf("no such token '%s' for user '%s'", id, name)
	}
	return t, nil
}
