package yunohost

import (
	"context"
	"net/http"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Users lists the accounts by name.
func (s *Server) Users(ctx context.Context) (map[string]fleet.Account, error) {
	return usersOf(s.ask(ctx, listUsers)[0])
}

// UsersAndGroups are Users with the members of each group, but for the groups of one that
// YunoHost makes for each user.
func (s *Server) UsersAndGroups(ctx context.Context) (users map[string]fleet.Account, groups map[string][]string, err error) {
	replies := s.ask(ctx, listUsers, Call{Name: "list the groups", Command: cli("user", "group", "list"), Method: http.MethodGet, Path: "/users/groups"})
	if users, err = usersOf(replies[0]); err != nil {
		return nil, nil, err
	}
	var answer struct {
		Groups map[string]struct {
			Members []string `json:"members"`
		} `json:"groups"`
	}
	if err := replies[1].Read(&answer); err != nil {
		return nil, nil, err
	}
	groups = map[string][]string{}
	for name, g := range answer.Groups {
		groups[name] = g.Members
	}
	return users, groups, nil
}

var listUsers = Call{Name: "list the users", Command: cli("user", "list"), Method: http.MethodGet, Path: "/users"}

func usersOf(r Reply) (map[string]fleet.Account, error) {
	var answer struct {
		Users map[string]fleet.Account `json:"users"`
	}
	err := r.Read(&answer)
	return answer.Users, err
}

// ImportUsers makes the n users of a CSV that are not there yet, and lists who is
// there then: a failure may have made some, and a success may have failed for some.
// name tells one batch from another. refusal is what the import said, err that the
// users could not be read back.
func (s *Server) ImportUsers(ctx context.Context, name string, csv secret.Value, n int) (there map[string]fleet.Account, refusal, err error) {
	replies := s.ask(ctx, Call{
		Name: "import users", Script: "import", Args: []string{name}, Input: csv, Once: name, Least: leastSetting + time.Duration(n)*leastUser,
		Method: http.MethodPost, Path: "/users/import", File: csv,
	}, listUsers)
	refusal = replies[0].Read(nil)
	there, err = usersOf(replies[1])
	return there, refusal, err
}
