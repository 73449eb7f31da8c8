package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
)

func (s *Server) registerTokens() {
	handle(s, route{method: http.MethodGet, path: "/tokens", id: "list-tokens", summary: "Tokens of technicians", roles: adminOnly}, s.listTokens)
	handle(s, route{method: http.MethodPost, path: "/tokens", id: "add-token", summary: "Make a token; its text is in the answer and nowhere else", roles: adminOnly, status: http.StatusCreated}, s.addToken)
	handle(s, route{method: http.MethodDelete, path: "/tokens/{name}", id: "revoke-token", summary: "End a token", roles: adminOnly}, s.revokeToken)
}

func (s *Server) listTokens(context.Context, *struct{}) (*answer[[]api.Token], error) {
	list, err := s.Tokens.List()
	if err != nil {
		return nil, err
	}
	out := make([]api.Token, len(list))
	for i, rec := range list {
		out[i] = wireToken(rec)
	}
	return body(out), nil
}

func (s *Server) addToken(ctx context.Context, in *struct{ Body api.NewToken }) (*answer[api.FreshToken], error) {
	note(ctx, "tokens/"+in.Body.Name, "role "+in.Body.Role)
	rec, text, err := s.Tokens.Add(in.Body.Name, Role(in.Body.Role), caller(ctx).Name, s.recordTx(ctx))
	if err != nil {
		return nil, err
	}
	return body(api.FreshToken{Token: wireToken(rec), Text: text.Reveal()}), nil
}

func (s *Server) revokeToken(ctx context.Context, in *struct {
	Name string `path:"name"`
}) (*empty, error) {
	return &empty{}, s.Tokens.Revoke(in.Name, s.recordTx(ctx))
}

func wireToken(r tokenRecord) api.Token {
	return api.Token{Name: r.Name, Role: string(r.Role), Created: r.Created, By: r.By, Used: r.Used}
}
