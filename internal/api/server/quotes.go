package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/templates"
)

type QuotePath struct {
	Quote string `path:"quote" example:"D2026-0001"`
}

type quoteAnswer struct {
	QuotePath
	Body api.QuoteAnswer
}

func (s *Server) registerQuotes() {
	handle(s, route{method: http.MethodGet, path: "/quotes", id: "list-quotes", summary: "Quotes, the oldest first", roles: everyone}, s.listQuotes)
	handle(s, route{method: http.MethodPost, path: "/quotes", id: "create-quote", summary: "Make a quote", roles: billers, status: http.StatusCreated, recorded: true}, s.createQuote)
	handle(s, route{method: http.MethodPost, path: "/quotes/import", id: "import-quote", summary: "Make a quote from YAML", roles: billers, status: http.StatusCreated, recorded: true}, s.importQuote)
	handle(s, route{method: http.MethodGet, path: "/quotes/{quote}", id: "show-quote", summary: "A quote", roles: everyone}, s.showQuote)
	handle(s, route{method: http.MethodGet, path: "/quotes/{quote}/yaml", id: "export-quote", summary: "A quote as YAML, to make an equal one from", roles: everyone}, s.exportQuote)
	handle(s, route{method: http.MethodGet, path: "/quotes/{quote}/document", id: "quote-document", summary: "The PDF of a quote", roles: everyone}, s.quoteDocument)
	handle(s, route{method: http.MethodPost, path: "/quotes/{quote}/accept", id: "accept-quote", summary: "Make the contract that was quoted", roles: billers, recorded: true}, s.acceptQuote)
	handle(s, route{method: http.MethodPost, path: "/quotes/{quote}/refuse", id: "refuse-quote", summary: "Note that the client said no", roles: billers, recorded: true}, s.refuseQuote)
	handle(s, route{method: http.MethodPost, path: "/quotes/{quote}/withdraw", id: "withdraw-quote", summary: "Take a quote back", roles: billers, recorded: true}, s.withdrawQuote)
}

// quoteError explains a file that no quote can be made from, and a text that no paper
// can be drawn with.
func quoteError(err error) *api.Error {
	if e, ok := errors.AsType[*quote.BadFile](err); ok {
		return &api.Error{Status: http.StatusUnprocessableEntity, Code: api.CodeInvalid, Detail: e.Error()}
	}
	if e, ok := errors.AsType[*templates.BadText](err); ok {
		return &api.Error{Status: http.StatusConflict, Code: api.CodeRefused, Detail: e.Error(), Fix: "mend the text there; without the file the one that ships is taken"}
	}
	return nil
}

func (s *Server) quoted(q quote.Quote, err error) (*answer[api.Quote], error) {
	return body(api.Quote{Quote: q, Now: q.StateOn(s.Quotes.Today())}), err
}

func (s *Server) listQuotes(_ context.Context, in *struct {
	State string `query:"state" enum:"open,accepted,refused,withdrawn,expired" doc:"in this state alone"`
}) (*answer[[]api.Quote], error) {
	all, err := s.Quotes.Quotes()
	out := []api.Quote{}
	for _, q := range all {
		if now := q.StateOn(s.Quotes.Today()); in.State == "" || string(now) == in.State {
			out = append(out, api.Quote{Quote: q, Now: now})
		}
	}
	return body(out), err
}

func (s *Server) showQuote(_ context.Context, in *QuotePath) (*answer[api.Quote], error) {
	return s.quoted(s.Quotes.Quote(in.Quote))
}

func (s *Server) createQuote(ctx context.Context, in *struct{ Body api.NewQuote }) (*answer[api.Quote], error) {
	n := in.Body
	r := quote.Request{Client: n.Client, Offer: n.Offer, Employees: n.Employees, Why: n.Why, Note: n.Note}
	var err error
	if n.Prospect != nil {
		if r.Prospect, err = prospectOf(*n.Prospect); err != nil {
			return nil, err
		}
	}
	for _, d := range []struct {
		field, text string
		into        *calendar.Date
	}{{"start", n.Start, &r.Start}, {"valid", n.Valid, &r.Valid}} {
		if *d.into, err = dateOf(d.field, d.text); err != nil {
			return nil, err
		}
	}
	if r.Charges, err = quoteItems("charge", n.Charges); err != nil {
		return nil, err
	}
	if r.Discounts, err = quoteItems("discount", n.Discounts); err != nil {
		return nil, err
	}
	return s.quoted(s.Quotes.Issue(actor(ctx), r))
}

func prospectOf(p api.NewProspect) (*contract.Client, error) {
	c := &contract.Client{ID: p.ID}
	if err := layClient(c, p.ClientFields); err != nil {
		return nil, err
	}
	if p.Contact.Name != nil {
		var who contract.Contact
		layContact(&who, p.Contact)
		c.Contacts = []contract.Contact{who}
	}
	return c, nil
}

func quoteItems(field string, items []api.QuoteItem) (out []quote.Item, err error) {
	for _, i := range items {
		net, err := money.ParseCents(i.Amount)
		if err != nil {
			return nil, &contract.Invalid{Field: field, Value: fmt.Sprintf("%q", i.Amount), Allowed: "want euros before tax, such as 149.00"}
		}
		out = append(out, quote.Item{Text: i.Text, Net: net})
	}
	return out, nil
}

func (s *Server) importQuote(ctx context.Context, in *struct{ Body api.QuoteFile }) (*answer[api.Quote], error) {
	r, err := quote.Parse(in.Body.Name, []byte(in.Body.Text))
	if err != nil {
		return nil, err
	}
	return s.quoted(s.Quotes.Issue(actor(ctx), r))
}

func (s *Server) exportQuote(_ context.Context, in *QuotePath) (*file, error) {
	q, err := s.Quotes.Quote(in.Quote)
	if err != nil {
		return nil, err
	}
	return &file{"application/yaml", `attachment; filename="` + q.Number + `.yaml"`, q.Request().YAML()}, nil
}

func (s *Server) quoteDocument(_ context.Context, in *QuotePath) (*file, error) {
	q, err := s.Quotes.Quote(in.Quote)
	if err != nil {
		return nil, err
	}
	pdf, err := paper.Quote(q)
	if err != nil {
		return nil, err
	}
	return &file{"application/pdf", `attachment; filename="` + q.Number + `.pdf"`, pdf}, nil
}

func (s *Server) acceptQuote(ctx context.Context, in *quoteAnswer) (*answer[api.Quote], error) {
	on, err := dateOf("on", in.Body.On)
	if err != nil {
		return nil, err
	}
	start, err := dateOf("start", in.Body.Start)
	if err != nil {
		return nil, err
	}
	q, _, err := s.Quotes.Accept(actor(ctx), quote.Acceptance{Number: in.Quote, On: on, Start: start})
	return s.quoted(q, err)
}

func (s *Server) refuseQuote(ctx context.Context, in *quoteAnswer) (*answer[api.Quote], error) {
	return s.quoted(s.Quotes.Refuse(actor(ctx), in.Quote, in.Body.Reason))
}

func (s *Server) withdrawQuote(ctx context.Context, in *quoteAnswer) (*answer[api.Quote], error) {
	return s.quoted(s.Quotes.Withdraw(actor(ctx), in.Quote, in.Body.Reason))
}
