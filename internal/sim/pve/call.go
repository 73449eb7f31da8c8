package pve

import (
	"maps"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
)

// handler does one API method. It runs with the box's lock held, its state advanced
// to c.now, its parameters validated and the permissions of the API description
// checked; what depends on parameters beyond that it checks itself through
// c.require. The result becomes the "data" of the answer.
type handler func(c *call) (any, error)

// handlers are the simulated methods by signature, "GET /nodes/{node}/status".
var handlers = map[string]handler{}

// handle registers the handler of a method; sig is its verb and path template as in
// the API description. A method that only one of the versions knows is registered
// all the same. It returns true so that it can stand in a package-level var.
func handle(sig string, h handler) bool {
	handlers[sig] = h
	return true
}

// Simulated are the signatures of the methods that are simulated, sorted; all others
// answer 501 to those who would be permitted them.
func Simulated() []string { return slices.Sorted(maps.Keys(handlers)) }

// call is one authenticated request to one method.
type call struct {
	box  *Box
	spec *apispec.Method
	auth identity
	p    apispec.Params
	now  time.Time   // simulated time of the request, UTC
	file *uploadFile // the file of a multipart upload, else nil
}

// identity is who calls.
type identity struct {
	User  string // "root@pam"; the owner's for a token; "" for nobody
	Token string // token name without the user, "" for a ticket
}

// ID is the identity as ACLs and tasks write it: USER@REALM or USER@REALM!TOKEN.
func (a identity) ID() string {
	if a.Token == "" {
		return a.User
	}
	return a.User + "!" + a.Token
}

// rootPassword tells whether root@pam itself calls, by its password's ticket and not
// by a token: some parameters are its alone.
func (a identity) rootPassword() bool { return a.User == "root@pam" && a.Token == "" }

// uploadFile is the file part of a multipart upload.
type uploadFile struct {
	Name    string // as in the part's Content-Disposition
	Content []byte
}

// require refuses the call unless all privileges are held on the path:
// 403 "Permission check failed (/vms/100, VM.Backup)".
func (c *call) require(path string, privs ...string) error {
	for _, priv := range privs {
		if !c.can(path, priv) {
			return permissionDenied(path + ", " + priv)
		}
	}
	return nil
}

// requireAny refuses the call unless one of the privileges is held on the path.
func (c *call) requireAny(path string, privs ...string) error {
	for _, priv := range privs {
		if c.can(path, priv) {
			return nil
		}
	}
	return permissionDenied(path + ", " + strings.Join(privs, "|"))
}

// can tells whether the caller holds the privilege on the path, for filtering.
func (c *call) can(path, priv string) bool {
	return c.box.allowed(c.auth.ID(), path, priv)
}
