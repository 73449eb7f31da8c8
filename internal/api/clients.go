package api

import (
	"context"

	"codeberg.org/accolade/accolade/internal/contract"
)

// ClientInfo is an organisation that we serve.
type ClientInfo = contract.Client

// ClientFields are what a client is added with, or what an edit changes: fields
// that are left out stay as they are.
type ClientFields struct {
	ID        string            `json:"id,omitempty" doc:"only to add one; made from the name if it is empty" example:"kerlann"`
	Name      *string           `json:"name,omitempty" doc:"unique; case, accents and punctuation do not count" example:"Atelier Kerlann"`
	Kind      *string           `json:"kind,omitempty" doc:"business, association, school, town-hall or sole-trader"`
	SIREN     *string           `json:"siren,omitempty" doc:"nine digits; needed for businesses and sole traders"`
	SIRET     *string           `json:"siret,omitempty" doc:"fourteen digits; needed for town halls"`
	RNA       *string           `json:"rna,omitempty" doc:"W and nine digits; associations only"`
	VATNumber *string           `json:"vat_number,omitempty"`
	Language  *string           `json:"language,omitempty" doc:"fr or en"`
	Address   *contract.Address `json:"address,omitempty"`
	Delivery  *contract.Address `json:"delivery,omitempty" doc:"where the service is given, if elsewhere"`

	ServiceCode        *string `json:"service_code,omitempty" doc:"of Chorus Pro, BT-10"`
	Commitment         *string `json:"commitment,omitempty" doc:"commitment number of Chorus Pro, BT-13"`
	ServiceDemanded    *bool   `json:"service_demanded,omitempty" doc:"the body takes no invoice without a service code"`
	CommitmentDemanded *bool   `json:"commitment_demanded,omitempty" doc:"the body takes no invoice without a commitment number"`

	LateLaw *string `json:"late_law,omitempty" doc:"what it owes for paying late: commerce, public or none; empty: by its kind"`

	Shares      *int    `json:"shares,omitempty" doc:"of the cooperative, held by the client; 0: none any more"`
	MemberSince *string `json:"member_since,omitempty" doc:"day on which they were subscribed" example:"2026-09-15"`
}

// ContactFields are what a contact is added with, or what an edit changes.
type ContactFields struct {
	Name  *string  `json:"name,omitempty"`
	Roles []string `json:"roles,omitempty" doc:"manager, billing, technical, on-site; an edit replaces them all"`
	Mail  *string  `json:"mail,omitempty"`
	Phone *string  `json:"phone,omitempty"`
}

// FirmFields are what an outside firm is added with, or what an edit changes.
type FirmFields struct {
	Name     *string `json:"name,omitempty"`
	Trade    *string `json:"trade,omitempty" doc:"internet, printer, phone, software, or a word of your own"`
	Customer *string `json:"customer,omitempty" doc:"the client's number with that firm"`
	Person   *string `json:"person,omitempty"`
	Mail     *string `json:"mail,omitempty"`
	Phone    *string `json:"phone,omitempty"`
	Note     *string `json:"note,omitempty"`
}

// Clients lists all clients.
func (c *Client) Clients(ctx context.Context) ([]ClientInfo, error) {
	var out []ClientInfo
	return out, c.Get(ctx, "/clients", &out)
}

// ClientInfo finds a client by ID or name.
func (c *Client) ClientInfo(ctx context.Context, ref string) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Get(ctx, path("clients", ref), &out)
}

// AddClient takes in a client.
func (c *Client) AddClient(ctx context.Context, f ClientFields) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Post(ctx, "/clients", f, &out)
}

// EditClient changes a client.
func (c *Client) EditClient(ctx context.Context, ref string, f ClientFields) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Patch(ctx, path("clients", ref), f, &out)
}

// AddContact puts a person on a client's list.
func (c *Client) AddContact(ctx context.Context, client string, f ContactFields) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Post(ctx, path("clients", client, "contacts"), f, &out)
}

// EditContact changes a person on a client's list.
func (c *Client) EditContact(ctx context.Context, client, name string, f ContactFields) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Patch(ctx, path("clients", client, "contacts", name), f, &out)
}

// AddFirm puts an outside firm into a client's contact book.
func (c *Client) AddFirm(ctx context.Context, client string, f FirmFields) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Post(ctx, path("clients", client, "firms"), f, &out)
}

// EditFirm changes an outside firm in a client's contact book.
func (c *Client) EditFirm(ctx context.Context, client, name string, f FirmFields) (ClientInfo, error) {
	var out ClientInfo
	return out, c.Patch(ctx, path("clients", client, "firms", name), f, &out)
}
