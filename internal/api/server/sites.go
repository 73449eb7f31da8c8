package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/fleet"
)

func (s *Server) registerSites() {
	handle(s, route{method: http.MethodGet, path: "/sites", id: "list-sites", summary: "Sites by name", roles: everyone}, s.listSites)
	handle(s, route{method: http.MethodGet, path: "/sites/{site}", id: "show-site", summary: "One site", roles: everyone}, s.showSite)
	handle(s, route{method: http.MethodPost, path: "/sites", id: "add-site", summary: "Make a site", roles: techs, status: http.StatusCreated}, s.addSite)
	handle(s, route{method: http.MethodPatch, path: "/sites/{site}", id: "edit-site", summary: "Change a site", roles: techs}, s.editSite)
}

type sitePath struct {
	Site string `path:"site"`
}

func (s *Server) listSites(context.Context, *struct{}) (*answer[[]api.Site], error) {
	all, err := s.Fleet.Sites()
	if err != nil {
		return nil, err
	}
	return body(append([]api.Site{}, all...)), nil
}

func (s *Server) showSite(_ context.Context, in *sitePath) (*answer[api.Site], error) {
	site, err := s.Fleet.Site(in.Site)
	if err != nil {
		return nil, err
	}
	return body(site), nil
}

func (s *Server) addSite(ctx context.Context, in *struct{ Body api.NewSite }) (*answer[api.Site], error) {
	note(ctx, "sites/"+in.Body.Name, "")
	site := fleet.Site{Name: in.Body.Name}
	changeSite(&site, in.Body.SiteEdit)
	made, err := s.Fleet.AddSite(site, s.recordTx(ctx))
	if err != nil {
		return nil, err
	}
	return body(made), nil
}

func (s *Server) editSite(ctx context.Context, in *struct {
	Site string `path:"site"`
	Body api.SiteEdit
}) (*answer[api.Site], error) {
	site, err := s.Fleet.EditSite(in.Site, func(site *fleet.Site) { changeSite(site, in.Body) }, s.recordTx(ctx))
	if err != nil {
		return nil, err
	}
	return body(site), nil
}

func changeSite(site *fleet.Site, e api.SiteEdit) {
	put(&site.Address, e.Address)
	put((*string)(&site.Travel), e.Travel)
	put(&site.Minutes, e.Minutes)
	put(&site.Zone, e.Zone)
	put(&site.ISP, e.ISP)
	put(&site.People, e.People)
}

// put changes a field when the request names it.
func put[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}
