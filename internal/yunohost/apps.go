package yunohost

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Apps lists what is installed, by its ID.
func (s *Server) Apps(ctx context.Context) ([]string, error) {
	var answer struct {
		Apps []struct {
			ID string `json:"id"`
		} `json:"apps"`
	}
	if err := s.do(ctx, Call{Name: "list the apps", Command: cli("app", "list"), Method: http.MethodGet, Path: "/apps"}, &answer); err != nil {
		return nil, err
	}
	var ids []string
	for _, app := range answer.Apps {
		ids = append(ids, app.ID)
	}
	return ids, nil
}

// InstallApp installs an app unless it is there. args are the answers to its
// manifest's questions; they may hold a password.
func (s *Server) InstallApp(ctx context.Context, id, label string, args url.Values) error {
	if there, err := s.hasApp(ctx, id); err != nil || there {
		return err
	}
	refusal := s.do(ctx, Call{
		Name: "install " + id, Script: "app", Args: []string{id, label}, Input: secret.New(args.Encode() + "\n"), Once: "app-" + id,
		Method: http.MethodPost, Path: "/apps", Form: url.Values{"app": {id}, "label": {label}, "args": {args.Encode()}},
	}, nil)
	there, err := s.hasApp(ctx, id)
	switch {
	case err == nil && there:
		return nil
	case refusal != nil:
		return refusal
	case err != nil:
		return err
	default:
		return errors.New("yunohost: install " + id + ": it ended well, and the app is not listed")
	}
}

func (s *Server) hasApp(ctx context.Context, id string) (bool, error) {
	apps, err := s.Apps(ctx)
	return slices.Contains(apps, id), err
}

// Diagnose runs the diagnosis and returns what is not well.
func (s *Server) Diagnose(ctx context.Context) ([]fleet.Finding, error) {
	if err := s.do(ctx, Call{Name: "run the diagnosis", Command: cli("diagnosis", "run"), Once: "diagnosis",
		Method: http.MethodPut, Path: "/diagnosis/run"}, nil); err != nil {
		return nil, err
	}
	var answer struct {
		Reports []struct {
			ID    string `json:"id"`
			Items []struct {
				Status  string `json:"status"`
				Summary string `json:"summary"`
				Ignored bool   `json:"ignored"`
			} `json:"items"`
		} `json:"reports"`
	}
	err := s.do(ctx, Call{Name: "read the diagnosis", Command: cli("diagnosis", "show", "--full", "--issues"),
		Method: http.MethodGet, Path: "/diagnosis", Form: url.Values{"full": {"1"}, "issues": {"1"}}}, &answer)
	if err != nil {
		return nil, err
	}
	var findings []fleet.Finding
	for _, report := range answer.Reports {
		for _, item := range report.Items {
			findings = append(findings, fleet.Finding{Category: report.ID, Status: item.Status, Summary: item.Summary, Ignored: item.Ignored})
		}
	}
	return findings, nil
}
