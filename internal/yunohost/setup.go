package yunohost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Installed says whether the post-install was done.
func (s *Server) Installed(ctx context.Context) (bool, error) {
	return s.installedOf(s.ask(ctx, installed)[0])
}

// installed asks by the agent for the domains: any command but the version fails
// until the post-install.
var installed = Call{Name: "read the domains", Command: cli("domain", "list"), Method: http.MethodGet, Path: "/installed"}

func (s *Server) installedOf(r Reply) (bool, error) {
	var answer struct {
		Installed bool `json:"installed"`
	}
	err := r.Read(&answer)
	if errors.Is(err, errNotInstalled) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.https == nil || answer.Installed, nil
}

// PostInstall sets a fresh YunoHost up, unless that was done, and reads it back.
func (s *Server) PostInstall(ctx context.Context, domain, username, fullName string, password secret.Value) error {
	if !s.fresh {
		if done, err := s.Installed(ctx); err != nil || done {
			return err
		}
	}
	replies := s.ask(ctx, Call{
		Name: "post-install", Script: "postinstall", Args: []string{domain, username, fullName},
		Input: secret.New(password.Reveal() + "\n"), Once: "postinstall", Kind: "post-install", Least: leastPostInstall,
		Method: http.MethodPost, Path: "/postinstall", Form: url.Values{
			"domain": {domain}, "username": {username}, "fullname": {fullName}, "password": {password.Reveal()},
			"ignore_dyndns": {"1"}, "i_have_read_terms_of_services": {"1"},
		},
	}, installed)
	refusal := replies[0].Read(nil)
	done, err := s.installedOf(replies[1])
	switch {
	case err == nil && done:
		return nil
	case refusal != nil:
		return refusal
	case err != nil:
		return err
	default:
		return errors.New("yunohost: post-install: it ended well, and the server is not set up")
	}
}

// Versions are the versions of YunoHost's packages.
func (s *Server) Versions(ctx context.Context) (map[string]string, error) {
	var answer map[string]struct {
		Version string `json:"version"`
	}
	if err := s.do(ctx, Call{Name: "read the versions", Command: cli("tools", "versions"), Method: http.MethodGet, Path: "/versions"}, &answer); err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for name, v := range answer {
		versions[name] = v.Version
	}
	return versions, nil
}

// Relay reads the setting.
func (s *Server) Relay(ctx context.Context) (fleet.Relay, error) {
	return relayOf(s.ask(ctx, readRelay)[0])
}

var readRelay = Call{Name: "read the mail relay", Command: cli("settings", "get", "email.smtp"), Method: http.MethodGet, Path: "/settings/email.smtp"}

func relayOf(r Reply) (fleet.Relay, error) {
	var answer map[string]struct {
		Value string `json:"value"`
	}
	if err := r.Read(&answer); err != nil {
		return fleet.Relay{}, err
	}
	text := func(key string) string { return answer["email.smtp.smtp_relay_"+key].Value }
	port, err := strconv.Atoi(text("port"))
	if err != nil {
		port = 0
	}
	enabled := text("enabled")
	return fleet.Relay{Enabled: enabled == "yes" || enabled == "1" || enabled == "true", Host: text("host"), Port: port, User: text("user")}, nil
}

// SetRelay sets the mail relay, all its settings at once, and reads them back.
// Whether the password is right only a mail can tell.
func (s *Server) SetRelay(ctx context.Context, want fleet.Relay, password secret.Value) error {
	args := url.Values{
		"smtp_relay_enabled": {"1"}, "smtp_relay_host": {want.Host}, "smtp_relay_port": {strconv.Itoa(want.Port)},
		"smtp_relay_user": {want.User}, "smtp_relay_password": {password.Reveal()},
	}.Encode()
	replies := s.ask(ctx, Call{
		Name: "set the mail relay", Script: "relay", Input: secret.New(args + "\n"), Kind: "mail relay", Least: leastRelay,
		Method: http.MethodPut, Path: "/settings/email.smtp", Form: url.Values{"args": {args}},
	}, readRelay)
	refusal := replies[0].Read(nil)
	got, err := relayOf(replies[1])
	switch {
	case refusal != nil:
		return refusal // the password may be the old one: a setting that reads right proves nothing
	case err != nil:
		return err
	case !got.Enabled || got.Host != want.Host || got.Port != want.Port || got.User != want.User:
		return fmt.Errorf("yunohost: set the mail relay: it ended well, and reads back as %s:%d for %s (on: %t), not %s:%d for %s",
			got.Host, got.Port, got.User, got.Enabled, want.Host, want.Port, want.User)
	default:
		return nil
	}
}
