package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/generatedtest"
)

// docs/api.md shows every route with the roles that may call it.
func TestRoutesPage(t *testing.T) {
	s, _ := newTestServer(t, Services{})
	var b strings.Builder
	b.WriteString("# The API and who may call it\n\nMade from the routes themselves: `go test ./internal/api/server -run TestRoutesPage -update`.\nThe full description is the OpenAPI 3.1 document that the controller serves at `/openapi.json`.\n\n" +
		"On the unix socket the caller is known by the user of the process: root and the controller's own user are admins,\nmembers of the socket's group have the role `socket_role`. Over TLS each technician has a token\n(`accolade token add NAME --role ROLE`).\n\n" +
		"Without a token, and with one that is unknown or revoked, every call is answered 401; with a role that has no x in the table,\n403; `TestRoles` asks each of them. `GET /openapi.json` alone is for everybody. After ten wrong tokens within a minute an address\nis answered 429 until the minute is over. A body that is too large is answered 413, one that is not UTF-8 or not understood 400\nor 422, with at most a hundred of its faults.\n\n")
	b.WriteString("| call | what it does | admin | tech | billing | reader |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, op := range operations(t, s.Handler()) {
		fmt.Fprintf(&b, "| `%s %s` | %s |", op.method, op.path, s.routes[op.id].summary)
		for _, role := range roles {
			mark := ""
			if slices.Contains(op.roles, role) {
				mark = "x"
			}
			b.WriteString(" " + mark + " |")
		}
		b.WriteByte('\n')
	}
	generatedtest.Same(t, "../../../docs/api.md", b.String())
}
