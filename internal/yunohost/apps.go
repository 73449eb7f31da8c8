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
func (s *Server) Apps(ctx context.Context) ([]string, error) { return appsOf(s.ask(ctx, listApps)[0]) }

var listApps = Call{Name: "list the apps", Command: cli("app", "list"), Method: http.MethodGet, Path: "/apps"}

func appsOf(r Reply) ([]string, error) {
	var answer struct {
		Apps []struct {
			ID string `json:"id"`
		} `json:"apps"`
	}
	if err := r.Read(&answer); err != nil {
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
	if !s.fresh {
		if apps, err := s.Apps(ctx); err != nil || slices.Contains(apps, id) {
			return err
		}
	}
	replies := s.ask(ctx, Call{
		Name: "install " + id, Script: "app", Args: []string{id, label}, Input: secret.New(args.Encode() + "\n"), Once: "app-" + id,
		Kind: "install " + id, Least: leastApp,
		Method: http.MethodPost, Path: "/apps", Form: url.Values{"app": {id}, "label": {label}, "args": {args.Encode()}},
	}, listApps)
	refusal := replies[0].Read(nil)
	apps, err := appsOf(replies[1])
	switch {
	case err == nil && slices.Contains(apps, id):
		return nil
	case refusal != nil:
		return refusal
	case err != nil:
		return err
	default:
		return errors.New("yunohost: install " + id + ": it ended well, and the app is not listed")
	}
}

// Diagnose runs the diagnosis and returns what is not well.
func (s *Server) Diagnose(ctx context.Context) ([]fleet.Finding, error) {
	replies := s.ask(ctx, Call{Name: "run the diagnosis", Command: cli("diagnosis", "run"), Once: "diagnosis", Kind: "diagnosis", Least: leastDiagnosis,
		Method: http.MethodPut, Path: "/diagnosis/run"},
		Call{Name: "read the diagnosis", Command: cli("diagnosis", "show", "--full", "--issues"),
			Method: http.MethodGet, Path: "/diagnosis", Form: url.Values{"full": {"1"}, "issues": {"1"}}})
	if err := replies[0].Read(nil); err != nil {
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
	if err := replies[1].Read(&answer); err != nil {
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
