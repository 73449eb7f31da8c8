package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

func (s *Server) registerExtras() {
	handle(s, route{method: http.MethodGet, path: "/contracts/{contract}/extras", id: "list-extras", summary: "One-off lines and discounts of a contract", roles: everyone}, s.listExtras)
	handle(s, route{method: http.MethodPost, path: "/contracts/{contract}/extras", id: "add-extra", summary: "Put a one-off line or a discount on a contract", roles: billers, status: http.StatusCreated, recorded: true}, s.addExtra)
	handle(s, route{method: http.MethodDelete, path: "/extras/{extra}", id: "remove-extra", summary: "Take away a one-off line or discount that no invoice carries", roles: billers, recorded: true}, s.removeExtra)
}

func (s *Server) listExtras(_ context.Context, in *ContractPath) (*answer[[]api.Extra], error) {
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	all, err := s.Bills.Extras(k.ID)
	return body(listed(all)), err
}

func (s *Server) addExtra(ctx context.Context, in *struct {
	ContractPath
	Body api.NewExtra
}) (*answer[api.Extra], error) {
	n := in.Body
	x := billing.Extra{Kind: billing.ExtraKind(n.Kind), Text: n.Text}
	var err error
	if x.Net, err = money.ParseCents(n.Amount); err != nil {
		return nil, &contract.Invalid{Field: "amount", Value: n.Amount, Allowed: "want euros such as 150 or 49.50"}
	}
	if x.Category, x.Rate, x.Exemption, err = taxed(n.VATChoice); err != nil {
		return nil, err
	}
	if n.Month != "" {
		if x.Month, err = monthOf(n.Month); err != nil {
			return nil, err
		}
	}
	k, err := s.Book.Contract(in.Contract)
	if err != nil {
		return nil, err
	}
	x.Contract = k.ID
	x, err = s.Bills.AddExtra(actor(ctx), x, n.Again)
	return body(x), err
}

// taxed reads how something is taxed.
func taxed(v api.VATChoice) (c billing.Category, rate money.Rate, e *billing.Exemption, err error) {
	if v.VAT != "" {
		if rate, err = money.ParseRate(v.VAT); err != nil {
			return c, rate, e, &contract.Invalid{Field: "vat", Value: v.VAT, Allowed: "want a percentage from 0 to 100, such as 20"}
		}
	}
	if v.Exemption != "" || v.ExemptionCode != "" {
		e = &billing.Exemption{Text: v.Exemption, Code: v.ExemptionCode}
	}
	return billing.Category(v.Category), rate, e, nil
}

func (s *Server) removeExtra(ctx context.Context, in *struct {
	Extra string `path:"extra" example:"X0001"`
}) (*struct{}, error) {
	_, err := s.Bills.RemoveExtra(actor(ctx), in.Extra)
	return nil, err
}
