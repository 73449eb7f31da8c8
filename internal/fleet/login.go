package fleet

import (
	"regexp"
	"strings"

	"codeberg.org/accolade/accolade/internal/secret"
)

// Login is one of two ways into a box: an API token, or root's password.
type Login struct {
	TokenID string // USER@REALM!TOKEN; empty: by password
	User    string // USER@REALM
	Secret  secret.Value
}

// Password tells whether it is a user's password.
func (l Login) Password() bool { return l.TokenID == "" && l.User != "" }

var tokenPattern = regexp.MustCompile(`^([^\s:/!]+@[A-Za-z][A-Za-z0-9._-]+)!([A-Za-z][A-Za-z0-9._-]+)=(\S+)$`)

// ParseLogin reads a bootstrap credential as a technician hands it over: an API
// token in the form of an Authorization header, USER@REALM!TOKEN=SECRET, and
// anything else is the password of root@pam.
func ParseLogin(text string) (Login, error) {
	text = strings.TrimRight(text, "\r\n")
	text = strings.TrimPrefix(text, "PVEAPIToken=")
	if m := tokenPattern.FindStringSubmatch(text); m != nil {
		return Login{TokenID: m[1] + "!" + m[2], User: m[1], Secret: secret.New(m[3])}, nil
	}
	switch {
	case text == "":
		return Login{}, refuse("the credential is empty", "give root's password, or an API token as USER@REALM!TOKEN=SECRET")
	case strings.ContainsAny(text, "\r\n"):
		return Login{}, refuse("the credential has more than one line", "give root's password, or an API token as USER@REALM!TOKEN=SECRET, on one line")
	}
	return Login{User: "root@pam", Secret: secret.New(text)}, nil
}

// ParseVaultToken reads a vault's API token as its Authorization header carries
// it: USER@REALM!TOKEN:SECRET.
func ParseVaultToken(text string) (id string, key secret.Value, err error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "PBSAPIToken=")
	id, value, ok := strings.Cut(text, ":")
	user, token, named := strings.Cut(id, "!")
	if !ok || !named || value == "" || token == "" || !strings.Contains(user, "@") {
		return "", secret.Value{}, refuse("the vault's token is not in the form that is needed",
			"give USER@REALM!TOKEN:SECRET (a colon before the secret) of a vault administrator")
	}
	return id, secret.New(value), nil
}
