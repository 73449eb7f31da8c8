package proxmox

import (
	"context"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Pools lists the pools that we may see.
func (c *Client) Pools(ctx context.Context) ([]string, error) {
	var rows []struct {
		ID string `json:"poolid"`
	}
	if err := c.get(ctx, "/pools", nil, &rows); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out, nil
}

// CreatePool makes a pool.
func (c *Client) CreatePool(ctx context.Context, name, comment string) error {
	return c.post(ctx, "/pools", map[string]any{"poolid": name, "comment": comment}, nil)
}

// DeletePool removes an empty pool.
func (c *Client) DeletePool(ctx context.Context, name string) error {
	return c.delete(ctx, "/pools", map[string]any{"poolid": name}, nil)
}

// Roles lists the roles with their privileges.
func (c *Client) Roles(ctx context.Context) ([]fleet.Role, error) {
	var rows []struct {
		ID    string `json:"roleid"`
		Privs string `json:"privs"`
	}
	if err := c.get(ctx, "/access/roles", nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Role
	for _, r := range rows {
		out = append(out, fleet.Role{Name: r.ID, Privs: words(r.Privs)})
	}
	return out, nil
}

// CreateRole makes a role.
func (c *Client) CreateRole(ctx context.Context, r fleet.Role) error {
	return c.post(ctx, "/access/roles", map[string]any{"roleid": r.Name, "privs": joinComma(r.Privs)}, nil)
}

// UpdateRole writes a role's privileges anew.
func (c *Client) UpdateRole(ctx context.Context, r fleet.Role) error {
	return c.put(ctx, join("access", "roles", r.Name), map[string]any{"privs": joinComma(r.Privs)}, nil)
}

// DeleteRole removes a role and every grant of it.
func (c *Client) DeleteRole(ctx context.Context, name string) error {
	return c.delete(ctx, join("access", "roles", name), nil, nil)
}

// Users lists the users, as USER@REALM.
func (c *Client) Users(ctx context.Context) ([]string, error) {
	var rows []struct {
		ID string `json:"userid"`
	}
	if err := c.get(ctx, "/access/users", nil, &rows); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out, nil
}

// CreateUser makes a user without a password.
func (c *Client) CreateUser(ctx context.Context, user, comment string) error {
	return c.post(ctx, "/access/users", map[string]any{"userid": user, "comment": comment}, nil)
}

// DeleteUser removes a user with its tokens and grants.
func (c *Client) DeleteUser(ctx context.Context, user string) error {
	return c.delete(ctx, join("access", "users", user), nil, nil)
}

// Tokens lists a user's API tokens.
func (c *Client) Tokens(ctx context.Context, user string) ([]fleet.Token, error) {
	var rows []struct {
		ID      string `json:"tokenid"`
		Privsep *bool  `json:"privsep"`
	}
	if err := c.get(ctx, join("access", "users", user, "token"), nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Token
	for _, r := range rows {
		out = append(out, fleet.Token{ID: user + "!" + r.ID, Privsep: r.Privsep == nil || *r.Privsep})
	}
	return out, nil
}

// CreateToken makes a token with privilege separation. Its secret is told only now.
func (c *Client) CreateToken(ctx context.Context, id, comment string) (secret.Value, error) {
	user, token, _ := strings.Cut(id, "!")
	var row struct {
		Value string `json:"value"`
	}
	err := c.post(ctx, join("access", "users", user, "token", token), map[string]any{"privsep": 1, "comment": comment}, &row)
	return secret.New(row.Value), err
}

// DeleteToken removes a token and its grants.
func (c *Client) DeleteToken(ctx context.Context, id string) error {
	user, token, _ := strings.Cut(id, "!")
	return c.delete(ctx, join("access", "users", user, "token", token), nil, nil)
}

// Grants lists the access control list, as far as we may change it.
func (c *Client) Grants(ctx context.Context) ([]fleet.Grant, error) {
	var rows []struct {
		Path      string `json:"path"`
		Role      string `json:"roleid"`
		Who       string `json:"ugid"`
		Propagate *bool  `json:"propagate"`
	}
	if err := c.get(ctx, "/access/acl", nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Grant
	for _, r := range rows {
		out = append(out, fleet.Grant{Path: r.Path, Role: r.Role, Who: r.Who, Propagate: r.Propagate == nil || *r.Propagate})
	}
	return out, nil
}

// Grant puts a role on a path.
func (c *Client) Grant(ctx context.Context, g fleet.Grant) error {
	return c.put(ctx, "/access/acl", grantParams(g), nil)
}

// Revoke takes it off again.
func (c *Client) Revoke(ctx context.Context, g fleet.Grant) error {
	params := grantParams(g)
	params["delete"] = 1
	return c.put(ctx, "/access/acl", params, nil)
}

func grantParams(g fleet.Grant) map[string]any {
	whose := "users"
	if strings.Contains(g.Who, "!") {
		whose = "tokens"
	}
	return map[string]any{"path": g.Path, "roles": g.Role, whose: g.Who, "propagate": bit(g.Propagate)}
}

// Permissions tells our own rights: path, privilege, and whether children have it too.
func (c *Client) Permissions(ctx context.Context) (rights map[string]map[string]bool, err error) {
	err = c.get(ctx, "/access/permissions", nil, &rights)
	return rights, err
}
