package pve

import (
	"crypto/rand"
	"fmt"
)

var (
	_ = handle("GET /access/users/{userid}/token", listTokens)
	_ = handle("GET /access/users/{userid}/token/{tokenid}", readToken)
	_ = handle("POST /access/users/{userid}/token/{tokenid}", createToken)
	_ = handle("PUT /access/users/{userid}/token/{tokenid}", updateToken)
	_ = handle("DELETE /access/users/{userid}/token/{tokenid}", deleteToken)
)

func listTokens(c *call) (any, error) {
	u, err := c.box.access.user(c.p.Str("userid"))
	if err != nil {
		return nil, err
	}
	return u.tokens(), nil
}

func readToken(c *call) (any, error) {
	t, err := c.box.access.token(c.p.Str("userid"), c.p.Str("tokenid"))
	if err != nil {
		return nil, err
	}
	return t.show(), nil
}

func createToken(c *call) (any, error) {
	name, id := c.p.Str("userid"), c.p.Str("tokenid")
	u, err := c.box.access.user(name)
	if err != nil {
		return nil, err
	}
	if u.Tokens[id] != nil {
		return nil, badParam("tokenid", "Token already exists.")
	}
	t := &token{
		Secret: c.box.newSecret(), Privsep: c.p.BoolOr("privsep", true),
		Expire: c.p.Int("expire"), Comment: c.p.Str("comment"),
	}
	u.setToken(id, t)
	info := map[string]any{"privsep": bit(t.Privsep)}
	if c.p.Has("expire") {
		info["expire"] = t.Expire
	}
	if t.Comment != "" {
		info["comment"] = t.Comment
	}
	return map[string]any{"info": info, "value": t.Secret, "full-tokenid": name + "!" + id}, nil
}

func updateToken(c *call) (any, error) {
	name, id := c.p.Str("userid"), c.p.Str("tokenid")
	t, err := c.box.access.token(name, id)
	if err != nil {
		return nil, err
	}
	for _, key := range splitAll(c, "delete") {
		if key != "comment" {
			return nil, failf("updating token info failed: 400 Parameter verification failed.")
		}
	}
	t.Privsep = c.p.BoolOr("privsep", t.Privsep)
	t.Expire = c.p.IntOr("expire", t.Expire)
	t.Comment = c.p.StrOr("comment", t.Comment)
	if len(splitAll(c, "delete")) > 0 {
		t.Comment = ""
	}
	out := t.show()
	if c.p.Bool("regenerate") {
		t.Secret = c.box.newSecret()
		out["value"], out["full-tokenid"] = t.Secret, name+"!"+id
	}
	return out, nil
}

// deleteToken leaves the token's rights in the list, as the real one does: a token
// made anew under the name has them.
func deleteToken(c *call) (any, error) {
	name, id := c.p.Str("userid"), c.p.Str("tokenid")
	if _, err := c.box.access.token(name, id); err != nil {
		return nil, err
	}
	delete(c.box.access.Users[name].Tokens, id)
	return nil, nil
}

// newSecret is a token's secret, a random UUID.
func (b *Box) newSecret() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
