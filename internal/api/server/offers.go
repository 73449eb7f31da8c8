package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

func (s *Server) registerOffers() {
	handle(s, route{method: http.MethodGet, path: "/offers", id: "list-offers", summary: "The price list", roles: everyone}, s.listOffers)
	handle(s, route{method: http.MethodPost, path: "/offers", id: "add-offer", summary: "Put a new offer on the price list", roles: billers, status: http.StatusCreated, recorded: true}, s.addOffer)
	handle(s, route{method: http.MethodGet, path: "/offers/{offer}", id: "show-offer", summary: "An offer", roles: everyone}, s.showOffer)
	handle(s, route{method: http.MethodPatch, path: "/offers/{offer}", id: "edit-offer", summary: "Make the next version of an offer", roles: billers, recorded: true}, s.editOffer)
}

func (s *Server) listOffers(context.Context, *struct{}) (*answer[[]api.Offer], error) {
	all, err := s.Book.Offers()
	return body(listed(all)), err
}

func (s *Server) showOffer(_ context.Context, in *struct {
	Offer   string `path:"offer"`
	Version int    `query:"version" minimum:"0" doc:"as it was in this version; 0: as it is"`
}) (*answer[api.Offer], error) {
	if in.Version > 0 {
		o, err := s.Book.OfferVersion(in.Offer, in.Version)
		return body(o), err
	}
	o, err := s.Book.Offer(in.Offer)
	return body(o), err
}

func (s *Server) addOffer(ctx context.Context, in *struct{ Body api.OfferFields }) (*answer[api.Offer], error) {
	o := contract.Offer{Name: in.Body.Name, Unit: contract.PerEmployee, VAT: 20_00, EarlyEnd: contract.Bill}
	if err := layOffer(&o, in.Body); err != nil {
		return nil, err
	}
	o, err := s.Book.AddOffer(actor(ctx), o)
	return body(o), err
}

func (s *Server) editOffer(ctx context.Context, in *struct {
	Offer string `path:"offer"`
	Body  api.OfferFields
}) (*answer[api.Offer], error) {
	o, err := s.Book.EditOffer(actor(ctx), in.Offer, func(o *contract.Offer) error { return layOffer(o, in.Body) })
	return body(o), err
}

func layOffer(o *contract.Offer, f api.OfferFields) error {
	lay(&o.Title, f.Title)
	lay(&o.TitleEN, f.TitleEN)
	lay(&o.Unit, f.Unit)
	lay(&o.EarlyEnd, f.EarlyEnd)
	lay(&o.BrokenYear, f.BrokenYear)
	if lay(&o.Travel.Rule, f.Travel); f.Travel != nil {
		o.Travel = contract.Trips{Rule: o.Travel.Rule} // another rule has other prices
	}
	if f.TermMonths != nil {
		o.TermMonths = *f.TermMonths
	}
	if f.Counts != nil {
		o.Counts = nil
		for _, w := range *f.Counts {
			o.Counts = append(o.Counts, contract.Work(w))
		}
	}
	if f.Included != nil {
		m, err := calendar.ParseMinutes(*f.Included)
		if err != nil {
			return &contract.Invalid{Field: "included", Value: *f.Included, Allowed: "want hours such as 20h"}
		}
		o.Included = m
	}
	if f.NoticeMonths != nil {
		o.NoticeMonths = *f.NoticeMonths
	}
	if f.Indexation != nil {
		r, err := money.ParseRate(*f.Indexation)
		if err != nil {
			return &contract.Invalid{Field: "indexation", Value: *f.Indexation, Allowed: "want a percentage from 0 to 20, such as 2.5"}
		}
		o.Indexation = r
	}
	if f.VAT != nil {
		r, err := money.ParseRate(*f.VAT)
		if err != nil {
			return &contract.Invalid{Field: "vat", Value: *f.VAT, Allowed: "want a percentage from 0 to 100, such as 20"}
		}
		o.VAT = r
	}
	for _, p := range []struct {
		key   string
		into  *contract.Price
		given *string
	}{{"price", &o.Price, f.Price}, {"hour", &o.Hour, f.Hour}, {"setup", &o.Setup, f.Setup},
		{"trip", &o.Travel.Each, f.Trip}, {"trip_bike", &o.Travel.Bike, f.TripBike}, {"trip_truck", &o.Travel.Truck, f.TripTruck}} {
		if err := layPrice(p.key, p.into, p.given); err != nil {
			return err
		}
	}
	return nil
}

func layPrice(key string, into *contract.Price, given *string) error {
	switch {
	case given == nil:
	case *given == string(contract.Required):
		*into = contract.Price{State: contract.Required}
	case *given == "none":
		*into = contract.Price{}
	default:
		c, err := money.ParseCents(*given)
		if err != nil {
			return &contract.Invalid{Field: key, Value: *given, Allowed: "want euros such as 39 or 39.50, or the word required"}
		}
		*into = contract.PriceOf(c)
	}
	return nil
}
