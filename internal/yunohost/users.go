package yunohost

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Users lists the accounts by name.
func (s *Server) Users(ctx context.Context) (map[string]fleet.Account, error) {
	var answer struct {
		Users map[string]fleet.Account `json:"users"`
	}
	if err := s.do(ctx, Call{Name: "list the users", Command: cli("user", "list"), Method: http.MethodGet, Path: "/users"}, &answer); err != nil {
		return nil, err
	}
	return answer.Users, nil
}

// ImportUsers makes the users of a CSV that are not there yet. name tells one
// batch from another. Whoever calls reads the users back: a failure may have made
// some, and a success may have failed for some.
func (s *Server) ImportUsers(ctx context.Context, name string, csv secret.Value) (fleet.Imported, error) {
	var raw json.RawMessage
	err := s.do(ctx, Call{
		Name: "import users", Script: "import", Args: []string{name}, Input: csv, Once: name,
		Method: http.MethodPost, Path: "/users/import", File: csv,
	}, &raw)
	if err != nil {
		return fleet.Imported{}, err
	}
	var done fleet.Imported
	if err := json.Unmarshal(raw, &done); err != nil {
		return fleet.Imported{}, fmt.Errorf("yunohost: import users: answer of %d bytes is not what was expected: %w", len(raw), err)
	}
	return done, nil
}
