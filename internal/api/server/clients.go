package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

type ClientPath struct {
	Client string `path:"client" doc:"ID or name"`
}

type PersonPath struct {
	Client string `path:"client" doc:"ID or name"`
	Name   string `path:"name"`
}

func (s *Server) registerClients() {
	handle(s, route{method: http.MethodGet, path: "/clients", id: "list-clients", summary: "All clients", roles: everyone}, s.listClients)
	handle(s, route{method: http.MethodPost, path: "/clients", id: "add-client", summary: "Take in a client", roles: writers, status: http.StatusCreated, recorded: true}, s.addClient)
	handle(s, route{method: http.MethodGet, path: "/clients/{client}", id: "show-client", summary: "A client", roles: everyone}, s.showClient)
	handle(s, route{method: http.MethodPatch, path: "/clients/{client}", id: "edit-client", summary: "Change a client", roles: writers, recorded: true}, s.editClient)
	handle(s, route{method: http.MethodPost, path: "/clients/{client}/contacts", id: "add-contact", summary: "Put a person on a client's list", roles: writers, status: http.StatusCreated, recorded: true}, s.addContact)
	handle(s, route{method: http.MethodPatch, path: "/clients/{client}/contacts/{name}", id: "edit-contact", summary: "Change a person", roles: writers, recorded: true}, s.editContact)
	handle(s, route{method: http.MethodPost, path: "/clients/{client}/firms", id: "add-firm", summary: "Put an outside firm into a client's contact book", roles: writers, status: http.StatusCreated, recorded: true}, s.addFirm)
	handle(s, route{method: http.MethodPatch, path: "/clients/{client}/firms/{name}", id: "edit-firm", summary: "Change an outside firm", roles: writers, recorded: true}, s.editFirm)
}

// actor is the caller as the domain's audit records name them.
func actor(ctx context.Context) contract.Actor {
	id := caller(ctx)
	return contract.Actor{Who: id.Name, From: id.From}
}

func (s *Server) listClients(context.Context, *struct{}) (*answer[[]api.ClientInfo], error) {
	all, err := s.Book.Clients()
	return body(listed(all)), err
}

// listed is never nil, so that JSON shows an empty list.
func listed[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func (s *Server) showClient(_ context.Context, in *ClientPath) (*answer[api.ClientInfo], error) {
	c, err := s.Book.Client(in.Client)
	return body(c), err
}

func (s *Server) addClient(ctx context.Context, in *struct{ Body api.ClientFields }) (*answer[api.ClientInfo], error) {
	c := contract.Client{ID: in.Body.ID}
	if err := layClient(&c, in.Body); err != nil {
		return nil, err
	}
	c, err := s.Book.AddClient(actor(ctx), c)
	return body(c), err
}

func (s *Server) editClient(ctx context.Context, in *struct {
	ClientPath
	Body api.ClientFields
}) (*answer[api.ClientInfo], error) {
	c, err := s.Book.EditClient(actor(ctx), in.Client, func(c *contract.Client) error {
		return layClient(c, in.Body)
	})
	return body(c), err
}

func layClient(c *contract.Client, f api.ClientFields) error {
	lay(&c.Name, f.Name)
	lay(&c.Kind, f.Kind)
	lay(&c.SIREN, f.SIREN)
	lay(&c.SIRET, f.SIRET)
	lay(&c.RNA, f.RNA)
	lay(&c.VATNumber, f.VATNumber)
	lay(&c.Language, f.Language)
	lay(&c.Late, f.LateLaw)
	if f.Address != nil {
		c.Address = *f.Address
	}
	if f.Delivery != nil {
		c.Delivery = f.Delivery
	}
	lay(&c.Chorus.Service, f.ServiceCode)
	lay(&c.Chorus.Commitment, f.Commitment)
	if f.ServiceDemanded != nil {
		c.Chorus.ServiceDemanded = *f.ServiceDemanded
	}
	if f.CommitmentDemanded != nil {
		c.Chorus.CommitmentDemanded = *f.CommitmentDemanded
	}
	return layMember(c, f)
}

// layMember gives a client shares, changes them, or with 0 takes them away.
func layMember(c *contract.Client, f api.ClientFields) error {
	if f.Shares == nil && f.MemberSince == nil {
		return nil
	}
	var m contract.Membership
	if c.Member != nil {
		m = *c.Member
	}
	if f.Shares != nil {
		m.Shares = *f.Shares
	}
	if f.MemberSince != nil {
		since, err := dateOf("member-since", *f.MemberSince)
		if err != nil {
			return err
		}
		m.Since = since
	}
	if c.Member = &m; m.Shares == 0 && f.Shares != nil {
		c.Member = nil
	}
	return nil
}

// lay puts a field that was given over what is there.
func lay[T ~string](into *T, given *string) {
	if given != nil {
		*into = T(*given)
	}
}

func (s *Server) addContact(ctx context.Context, in *struct {
	ClientPath
	Body api.ContactFields
}) (*answer[api.ClientInfo], error) {
	var p contract.Contact
	layContact(&p, in.Body)
	c, err := s.Book.AddContact(actor(ctx), in.Client, p)
	return body(c), err
}

func (s *Server) editContact(ctx context.Context, in *struct {
	PersonPath
	Body api.ContactFields
}) (*answer[api.ClientInfo], error) {
	c, err := s.Book.EditContact(actor(ctx), in.Client, in.Name, func(p *contract.Contact) error {
		layContact(p, in.Body)
		return nil
	})
	return body(c), err
}

func layContact(p *contract.Contact, f api.ContactFields) {
	lay(&p.Name, f.Name)
	lay(&p.Mail, f.Mail)
	lay(&p.Phone, f.Phone)
	if f.Roles != nil {
		p.Roles = nil
		for _, r := range f.Roles {
			p.Roles = append(p.Roles, contract.Role(r))
		}
	}
}

func (s *Server) addFirm(ctx context.Context, in *struct {
	ClientPath
	Body api.FirmFields
}) (*answer[api.ClientInfo], error) {
	var f contract.Firm
	layFirm(&f, in.Body)
	c, err := s.Book.AddFirm(actor(ctx), in.Client, f)
	return body(c), err
}

func (s *Server) editFirm(ctx context.Context, in *struct {
	PersonPath
	Body api.FirmFields
}) (*answer[api.ClientInfo], error) {
	c, err := s.Book.EditFirm(actor(ctx), in.Client, in.Name, func(f *contract.Firm) error {
		layFirm(f, in.Body)
		return nil
	})
	return body(c), err
}

func layFirm(f *contract.Firm, g api.FirmFields) {
	lay(&f.Name, g.Name)
	lay(&f.Trade, g.Trade)
	lay(&f.Customer, g.Customer)
	lay(&f.Person, g.Person)
	lay(&f.Mail, g.Mail)
	lay(&f.Phone, g.Phone)
	lay(&f.Note, g.Note)
}
