package api

import (
	"context"
	"time"
)

// Token is a technician's way in from elsewhere. Its text is shown once, when it is
// made; the controller keeps only a hash.
type Token struct {
	Name    string    `json:"name" doc:"the technician, as the audit names them" example:"anne"`
	Role    string    `json:"role" enum:"admin,tech,billing,reader"`
	Created time.Time `json:"created"`
	By      string    `json:"by" doc:"who made it"`
	Used    time.Time `json:"used,omitzero" doc:"last use, to the hour"`
}

// NewToken asks for a token.
type NewToken struct {
	Name string `json:"name" minLength:"1" maxLength:"40" pattern:"^[a-z0-9][a-z0-9._-]*$" patternDescription:"lower-case letters, digits, dot, dash, underscore" doc:"the technician"`
	Role string `json:"role" enum:"admin,tech,billing,reader" doc:"what they may do"`
}

// FreshToken is a token with its text.
type FreshToken struct {
	Token
	Text string `json:"text" doc:"the token itself, shown this once"`
}

// AddToken makes a token.
func (c *Client) AddToken(ctx context.Context, t NewToken) (FreshToken, error) {
	var out FreshToken
	return out, c.Post(ctx, "/tokens", t, &out)
}

// Tokens lists the tokens that are valid.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var out []Token
	return out, c.Get(ctx, "/tokens", &out)
}

// RevokeToken ends a token; the next call with it is refused.
func (c *Client) RevokeToken(ctx context.Context, name string) error {
	return c.Delete(ctx, path("tokens", name))
}
