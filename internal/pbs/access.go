package pbs

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/secret"
)

// backupRole may make backups and read its own; it may neither prune nor see what
// others made.
const backupRole = "DatastoreBackup"

// login is a user with its tokens as the vault lists them.
type login struct {
	User   string `json:"userid"`
	Tokens []struct {
		ID string `json:"tokenid"` // USER@REALM!TOKEN
	} `json:"tokens"`
}

func (c *Client) logins(ctx context.Context) (rows []login, err error) {
	err = c.call(ctx, http.MethodGet, "/access/users", map[string]any{"include_tokens": 1}, &rows)
	return rows, err
}

// Users lists the users, as NAME@REALM.
func (c *Client) Users(ctx context.Context) ([]string, error) {
	rows, err := c.logins(ctx)
	var out []string
	for _, l := range rows {
		out = append(out, l.User)
	}
	return out, err
}

// HasUser tells whether a user (NAME@pbs) is there.
func (c *Client) HasUser(ctx context.Context, user string) (bool, error) {
	rows, err := c.logins(ctx)
	return slices.ContainsFunc(rows, func(l login) bool { return l.User == user }), err
}

// CreateUser makes a user without a password.
func (c *Client) CreateUser(ctx context.Context, user, comment string) error {
	return c.call(ctx, http.MethodPost, "/access/users", map[string]any{"userid": user, "comment": comment}, nil)
}

// DeleteUser removes a user with its tokens.
func (c *Client) DeleteUser(ctx context.Context, user string) error {
	return c.call(ctx, http.MethodDelete, join("access", "users", user), nil, nil)
}

// HasToken tells whether a token (USER@pbs!TOKEN) is there.
func (c *Client) HasToken(ctx context.Context, id string) (bool, error) {
	rows, err := c.logins(ctx)
	for _, l := range rows {
		for _, t := range l.Tokens {
			if t.ID == id {
				return true, nil
			}
		}
	}
	return false, err
}

// CreateToken makes a token. Its secret is told only now. A vault's tokens have no
// more rights than are given to both the token and its user.
func (c *Client) CreateToken(ctx context.Context, id, comment string) (secret.Value, error) {
	user, token, _ := strings.Cut(id, "!")
	var row struct {
		Value string `json:"value"`
	}
	err := c.call(ctx, http.MethodPost, join("access", "users", user, "token", token), map[string]any{"comment": comment}, &row)
	return secret.New(row.Value), err
}

// DeleteToken removes a token.
func (c *Client) DeleteToken(ctx context.Context, id string) error {
	user, token, _ := strings.Cut(id, "!")
	return c.call(ctx, http.MethodDelete, join("access", "users", user, "token", token), nil, nil)
}

func (c *Client) namespacePath(namespace string) string {
	return strings.TrimSuffix("/datastore/"+c.cfg.Datastore+"/"+namespace, "/")
}

// grant is a line of the vault's access control list.
type grant struct {
	Path string `json:"path"`
	Role string `json:"roleid"`
	Who  string `json:"ugid"`
}

// MayBackUp tells whether a user or token has backupRole on a namespace.
func (c *Client) MayBackUp(ctx context.Context, who, namespace string) (bool, error) {
	want := grant{Path: c.namespacePath(namespace), Role: backupRole, Who: who}
	var rows []grant
	err := c.call(ctx, http.MethodGet, "/access/acl", map[string]any{"path": want.Path, "exact": 1}, &rows)
	return slices.Contains(rows, want), err
}

// AllowBackup gives backupRole on a namespace.
func (c *Client) AllowBackup(ctx context.Context, who, namespace string) error {
	return c.call(ctx, http.MethodPut, "/access/acl", map[string]any{"path": c.namespacePath(namespace), "role": backupRole, "auth-id": who}, nil)
}

// ForbidBackup takes it again.
func (c *Client) ForbidBackup(ctx context.Context, who, namespace string) error {
	return c.call(ctx, http.MethodPut, "/access/acl", map[string]any{"path": c.namespacePath(namespace), "role": backupRole, "auth-id": who, "delete": true}, nil)
}
