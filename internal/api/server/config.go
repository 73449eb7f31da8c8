package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
)

func (s *Server) registerConfig() {
	handle(s, route{method: http.MethodGet, path: "/config", id: "show-config", summary: "Settings of the controller, and where each comes from", roles: everyone},
		func(context.Context, *struct{}) (*answer[[]api.Setting], error) {
			origins := s.Settings.Origins()
			out := make([]api.Setting, len(origins))
			for i, o := range origins {
				out[i] = api.Setting{Key: o.Key, Value: o.Value, Source: o.Source}
			}
			return body(out), nil
		})
	handle(s, route{method: http.MethodPost, path: "/config/reload", id: "reload-config", roles: adminOnly,
		summary: "Read the settings anew and take up the logo and colour of papers; what else has changed waits for a restart"},
		func(context.Context, *struct{}) (*answer[[]api.SettingChange], error) {
			changes, err := s.Settings.Reload()
			if err != nil {
				return nil, err
			}
			out := make([]api.SettingChange, len(changes))
			for i, c := range changes {
				out[i] = api.SettingChange{Key: c.Key, From: c.From, To: c.To, InForce: c.Live}
			}
			return body(out), nil
		})
}
