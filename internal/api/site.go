package api

import (
	"context"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// Site is a place where boxes stand.
type Site = fleet.Site

// SiteEdit changes a site; what is absent stays.
type SiteEdit struct {
	Address *string         `json:"address,omitempty"`
	Travel  *string         `json:"travel,omitempty" enum:"bike,truck"`
	Minutes *int            `json:"minutes,omitempty" doc:"travel time one way"`
	Zone    *string         `json:"zone,omitempty" doc:"IANA time zone that the boxes there keep"`
	ISP     *fleet.Provider `json:"isp,omitempty" doc:"whom to call when the line is down"`
	People  *[]fleet.Person `json:"people,omitempty" doc:"whom to call to be let in, in this order"`
}

// NewSite asks for a site.
type NewSite struct {
	Name string `json:"name"`
	SiteEdit
}

// AddSite makes a site.
func (c *Client) AddSite(ctx context.Context, s NewSite) (Site, error) {
	var out Site
	return out, c.Post(ctx, "/sites", s, &out)
}

// Sites lists them by name.
func (c *Client) Sites(ctx context.Context) ([]Site, error) {
	var out []Site
	return out, c.Get(ctx, "/sites", &out)
}

// Site reads one.
func (c *Client) Site(ctx context.Context, name string) (Site, error) {
	var out Site
	return out, c.Get(ctx, path("sites", name), &out)
}

// EditSite changes one.
func (c *Client) EditSite(ctx context.Context, name string, s SiteEdit) (Site, error) {
	var out Site
	return out, c.Patch(ctx, path("sites", name), s, &out)
}
