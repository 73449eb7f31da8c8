package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/contract"
)

type headcountAnswer struct {
	ContractPath
	Body api.HeadcountAnswer
}

func (s *Server) registerHeadcounts() {
	handle(s, route{method: http.MethodGet, path: "/headcounts", id: "list-headcounts", summary: "Accounts on clients' servers beside the headcounts that are billed", roles: everyone}, s.listHeadcounts)
	handle(s, route{method: http.MethodPost, path: "/headcounts/check", id: "check-headcounts", summary: "Ask the servers now who has an account", roles: writers}, s.checkHeadcounts)
	handle(s, route{method: http.MethodPost, path: "/headcounts/{contract}/accept", id: "accept-headcount", summary: "Book a headcount as it was seen", roles: billers, recorded: true}, s.acceptHeadcount)
	handle(s, route{method: http.MethodPost, path: "/headcounts/{contract}/dismiss", id: "dismiss-headcount", summary: "Say that the headcount that is billed is right", roles: billers, recorded: true}, s.dismissHeadcount)
	handle(s, route{method: http.MethodPut, path: "/headcounts/{contract}/left-out", id: "leave-out", summary: "Say which accounts are no employees", roles: writers, recorded: true}, s.leaveOut)
	handle(s, route{method: http.MethodPut, path: "/headcounts/{contract}/group", id: "group-accounts", summary: "Say which group of a shared server holds a contract's accounts", roles: writers, recorded: true}, s.groupAccounts)
}

func (s *Server) listHeadcounts(context.Context, *struct{}) (*answer[[]api.SeenHeadcount], error) {
	return s.headcounts("")
}

// headcounts are what is known, of one client (by ID) or of all.
func (s *Server) headcounts(client string) (*answer[[]api.SeenHeadcount], error) {
	out := []api.SeenHeadcount{}
	all, err := s.Book.Comparisons()
	for _, c := range all {
		if client == "" || c.Client == client {
			out = append(out, api.SeenHeadcount{Compared: c})
		}
	}
	return body(out), err
}

func (s *Server) checkHeadcounts(ctx context.Context, in *struct {
	Client string `query:"client" doc:"ID or name; empty: all"`
}) (*answer[[]api.SeenHeadcount], error) {
	id := ""
	if in.Client != "" {
		c, err := s.Book.Client(in.Client)
		if err != nil {
			return nil, err
		}
		id = c.ID
	}
	unseen, err := s.Headcounts.Look(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := s.headcounts(id)
	if err != nil {
		return nil, err
	}
	for _, u := range unseen {
		found := false
		for i := range out.Body {
			if out.Body[i].Contract == u.Contract {
				out.Body[i].Unseen, found = u.Why, true
			}
		}
		if !found {
			k, err := s.Book.Contract(u.Contract)
			if err != nil {
				return nil, err
			}
			never := contract.Compared{Comparison: contract.Comparison{Contract: k.ID, Client: k.Client}, Billed: k.CountOn(s.Book.Today())}
			out.Body = append(out.Body, api.SeenHeadcount{Compared: never, Unseen: u.Why})
		}
	}
	return out, nil
}

func (s *Server) acceptHeadcount(ctx context.Context, in *headcountAnswer) (*answer[api.Contract], error) {
	from, err := dateOf("from", in.Body.From)
	if err != nil {
		return nil, err
	}
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	k, err = s.Book.AcceptHeadcount(actor(ctx), contract.Acceptance{Contract: k.ID, From: from, Force: in.Body.Force, Note: in.Body.Note})
	return body(k), err
}

func (s *Server) dismissHeadcount(ctx context.Context, in *headcountAnswer) (*answer[api.SeenHeadcount], error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	c, err := s.Book.DismissHeadcount(actor(ctx), k.ID, in.Body.Reason)
	return body(api.SeenHeadcount{Compared: c}), err
}

func (s *Server) leaveOut(ctx context.Context, in *struct {
	ContractPath
	Body api.LeftOut
}) (*answer[api.Contract], error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	k, err = s.Book.LeaveOut(actor(ctx), k.ID, in.Body.Accounts)
	return body(k), err
}

func (s *Server) groupAccounts(ctx context.Context, in *struct {
	ContractPath
	Body api.AccountGroup
}) (*answer[api.Contract], error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	k, err = s.Headcounts.Group(actor(ctx), k.ID, in.Body)
	return body(k), err
}
