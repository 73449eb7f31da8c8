package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"codeberg.org/accolade/accolade/internal/api"
)

// Role is what a caller may do. Admin may do everything.
type Role string

const (
	Admin   Role = "admin"   // all of it, tokens included
	Tech    Role = "tech"    // clients, boxes, servers, backups, hours
	Billing Role = "billing" // clients, contracts, hours, months and invoices
	Reader  Role = "reader"  // looks, changes nothing
)

// roles lists every role.
var roles = []Role{Admin, Tech, Billing, Reader}

// Who may call a route. Admin is always among them.
var (
	everyone  = []Role{Admin, Tech, Billing, Reader}
	techs     = []Role{Admin, Tech}
	billers   = []Role{Admin, Billing}
	writers   = []Role{Admin, Tech, Billing}
	adminOnly = []Role{Admin}
)

// identity is a caller who proved who they are.
type identity struct {
	Name string // "root", "anne", or the token's name
	From string // "socket" or the remote address without its port
	Role Role
}

// TokenBook finds technicians by their token. An unknown, revoked or expired token
// is errBadToken.
type TokenBook interface {
	Authenticate(ctx context.Context, token, from string) (name string, role Role, err error)
}

// errBadToken says that no live token has this text.
var errBadToken = errors.New("no such token")

type peerKey struct{}

// ConnContext remembers the user at the other end of a unix socket's connection.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	uid, err := peerUID(conn)
	if err != nil {
		return ctx // without a peer the call is refused as unauthenticated
	}
	return context.WithValue(ctx, peerKey{}, uid)
}

func peerUID(conn *net.UnixConn) (uint32, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if credErr != nil {
		return 0, credErr
	}
	return cred.Uid, nil
}

type identityKey struct{}

// caller is who makes the call; the zero identity outside of one.
func caller(ctx context.Context) identity {
	id, _ := ctx.Value(identityKey{}).(identity)
	return id
}

// authenticated lets a request pass once its caller is known. The API document is
// for everyone: it is the same in every installation.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/openapi.json" {
			next.ServeHTTP(w, r)
			return
		}
		id, problem := s.identify(r)
		if problem != nil {
			if problem.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="accolade"`)
			} else {
				w.Header().Set("Retry-After", strconv.Itoa(int(failureWindow.Seconds())))
			}
			writeProblem(w, problem)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey{}, id)))
	})
}

func (s *Server) identify(r *http.Request) (identity, *api.Error) {
	if uid, ok := r.Context().Value(peerKey{}).(uint32); ok {
		return s.peer(uid), nil
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	now := s.clock.Now()
	if s.failures.blocked(from, now) {
		return identity{}, &api.Error{Status: http.StatusTooManyRequests, Code: api.CodeTooMany,
			Detail: fmt.Sprintf("more than %d failed attempts from %s within %s", failureLimit, from, failureWindow), Fix: "wait a minute, then try with a valid token"}
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return identity{}, &api.Error{Status: http.StatusUnauthorized, Code: api.CodeUnauthorised, Detail: "this address needs a token",
			Fix: "set ACCOLADE_TOKEN_FILE to a file that holds yours; an admin makes one with: accolade token add NAME --role ROLE"}
	}
	name, role, err := s.tokens.Authenticate(r.Context(), token, from)
	if errors.Is(err, errBadToken) {
		s.failures.add(from, now)
		s.log.Warn("authentication failed", "from", from)
		return identity{}, &api.Error{Status: http.StatusUnauthorized, Code: api.CodeUnauthorised, Detail: "the token is unknown or revoked",
			Fix: "ask an admin for a new one: accolade token add NAME --role ROLE"}
	}
	if err != nil {
		return identity{}, s.problem(r.Context(), err)
	}
	return identity{Name: name, From: from, Role: role}, nil
}

// peer is the local user behind the socket. Root and the controller's own user are
// admins: they can read its state anyway.
func (s *Server) peer(uid uint32) identity {
	id := identity{Name: "uid " + strconv.FormatUint(uint64(uid), 10), From: "socket", Role: s.socketRole}
	if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		id.Name = u.Username
	}
	if uid == 0 || int(uid) == os.Getuid() {
		id.Role = Admin
	}
	return id
}

// allowed is nil if the caller's role is among the route's.
func allowed(id identity, r route) *api.Error {
	if slices.Contains(r.roles, id.Role) {
		return nil
	}
	names := make([]string, len(r.roles))
	for i, role := range r.roles {
		names[i] = string(role)
	}
	return &api.Error{Status: http.StatusForbidden, Code: api.CodeForbidden,
		Detail: fmt.Sprintf("%s has the role %s; %s needs one of: %s", id.Name, id.Role, r.id, strings.Join(names, ", ")),
		Fix:    "ask an admin to do it, or for a token of another role"}
}
