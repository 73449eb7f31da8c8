package pbs

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
)

var (
	_ = handle("GET /access/users", listUsers)
	_ = handle("POST /access/users", createUser)
	_ = handle("GET /access/users/{userid}", readUser)
	_ = handle("PUT /access/users/{userid}", updateUser)
	_ = handle("DELETE /access/users/{userid}", deleteUser)
	_ = handle("GET /access/users/{userid}/token", listTokens)
	_ = handle("GET /access/users/{userid}/token/{token-name}", readToken)
	_ = handle("POST /access/users/{userid}/token/{token-name}", createToken)
	_ = handle("PUT /access/users/{userid}/token/{token-name}", updateToken)
	_ = handle("DELETE /access/users/{userid}/token/{token-name}", deleteToken)
)

// show is a user as the API tells it; what was never set is absent.
func (u *user) show(id authID) map[string]any {
	out := map[string]any{"userid": string(id)}
	fill(out, u.Disabled, u.Expire, map[string]string{
		"comment": u.Comment, "firstname": u.Firstname, "lastname": u.Lastname, "email": u.Email,
	})
	return out
}

func (t *token) show(id authID) map[string]any {
	out := map[string]any{"tokenid": string(id)}
	fill(out, t.Disabled, t.Expire, map[string]string{"comment": t.Comment})
	return out
}

func fill(out map[string]any, disabled bool, expire int64, texts map[string]string) {
	if disabled {
		out["enable"] = false
	}
	if expire != 0 {
		out["expire"] = expire
	}
	for key, value := range texts {
		if value != "" {
			out[key] = value
		}
	}
}

func (a *access) tokensOf(id authID) []map[string]any {
	out := []map[string]any{}
	for _, t := range slices.Sorted(maps.Keys(a.Tokens)) {
		if t.user() == id {
			out = append(out, a.Tokens[t].show(t))
		}
	}
	return out
}

func listUsers(c *call) (any, error) {
	a := &c.server.state.Access
	all := a.holdsAny(c.auth, "/access/users", []string{"Sys.Audit"})
	out := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(a.Users)) {
		if !all && id != c.auth.user() {
			continue
		}
		entry := a.Users[id].show(id)
		if c.p.Bool("include_tokens") {
			entry["tokens"] = a.tokensOf(id)
		}
		out = append(out, entry)
	}
	return out, nil
}

func createUser(c *call) (any, error) {
	a := &c.server.state.Access
	id := authID(c.p.Str("userid"))
	if a.Users[id] != nil {
		return nil, failf("user '%s' already exists.", id)
	}
	u := &user{}
	c.fillUser(u)
	a.Users[id] = u
	return nil, nil
}

func (c *call) fillUser(u *user) {
	u.Disabled = !c.p.BoolOr("enable", !u.Disabled)
	u.Expire = c.p.IntOr("expire", u.Expire)
	for key, field := range map[string]*string{
		"comment": &u.Comment, "firstname": &u.Firstname, "lastname": &u.Lastname, "email": &u.Email, "password": &u.Password,
	} {
		if c.p.Has(key) {
			*field = c.p.Str(key)
		}
	}
}

func (c *call) theUser() (authID, *user, error) {
	id := authID(c.p.Str("userid"))
	u := c.server.state.Access.Users[id]
	if u == nil {
		return id, nil, failf("no such user '%s'", id)
	}
	return id, u, nil
}

func readUser(c *call) (any, error) {
	id, u, err := c.theUser()
	if err != nil {
		return nil, err
	}
	return u.show(id), nil
}

func updateUser(c *call) (any, error) {
	_, u, err := c.theUser()
	if err != nil {
		return nil, err
	}
	for _, key := range c.p.List("delete") {
		switch key {
		case "comment":
			u.Comment = ""
		case "firstname":
			u.Firstname = ""
		case "lastname":
			u.Lastname = ""
		case "email":
			u.Email = ""
		}
	}
	c.fillUser(u)
	return nil, nil
}

func deleteUser(c *call) (any, error) {
	a := &c.server.state.Access
	id := authID(c.p.Str("userid"))
	if a.Users[id] == nil {
		return nil, failf("user '%s' does not exist.", id)
	}
	for t := range a.Tokens {
		if t.user() == id {
			delete(a.Tokens, t)
			a.forget(t)
		}
	}
	delete(a.Users, id)
	a.forget(id)
	return nil, nil
}

func listTokens(c *call) (any, error) {
	id, _, err := c.theUser()
	if err != nil {
		return nil, err
	}
	out := c.server.state.Access.tokensOf(id)
	for _, t := range out {
		t["token-name"] = authID(fmt.Sprint(t["tokenid"])).tokenName()
	}
	return out, nil
}

func (c *call) theToken() (authID, *token, error) {
	id := authID(c.p.Str("userid") + "!" + c.p.Str("token-name"))
	t := c.server.state.Access.Tokens[id]
	if t == nil {
		return id, nil, failf("no such token '%s'", id)
	}
	return id, t, nil
}

func readToken(c *call) (any, error) {
	id, t, err := c.theToken()
	if err != nil {
		return nil, err
	}
	return t.show(id), nil
}

func createToken(c *call) (any, error) {
	user, _, err := c.theUser()
	if err != nil {
		return nil, err
	}
	id := authID(string(user) + "!" + c.p.Str("token-name"))
	a := &c.server.state.Access
	if a.Tokens[id] != nil {
		return nil, failf("token '%s' for user '%s' already exists.", id.tokenName(), user)
	}
	t := &token{Secret: newSecret(), Disabled: !c.p.BoolOr("enable", true), Expire: c.p.Int("expire"), Comment: c.p.Str("comment")}
	a.Tokens[id] = t
	return map[string]any{"tokenid": string(id), "value": t.Secret}, nil
}

func updateToken(c *call) (any, error) {
	_, t, err := c.theToken()
	if err != nil {
		return nil, err
	}
	if slices.Contains(c.p.List("delete"), "comment") {
		t.Comment = ""
	}
	t.Comment = c.p.StrOr("comment", t.Comment)
	t.Disabled = !c.p.BoolOr("enable", !t.Disabled)
	t.Expire = c.p.IntOr("expire", t.Expire)
	if c.p.Bool("regenerate") {
		t.Secret = newSecret()
		return map[string]any{"secret": t.Secret}, nil
	}
	return map[string]any{}, nil
}

func deleteToken(c *call) (any, error) {
	id := authID(c.p.Str("userid") + "!" + c.p.Str("token-name"))
	a := &c.server.state.Access
	if a.Tokens[id] == nil {
		return nil, failf("token '%s' of user '%s' does not exist.", id.tokenName(), id.user())
	}
	delete(a.Tokens, id)
	a.forget(id)
	return nil, nil
}

// newSecret is a token's secret, a random UUID.
func newSecret() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
