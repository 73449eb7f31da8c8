package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/money"
)

type PaymentPath struct {
	Payment string `path:"payment" example:"P000001"`
}

func (s *Server) registerPayments() {
	handle(s, route{method: http.MethodGet, path: "/payments", id: "list-payments", summary: "Payments, of one client or all", roles: billers}, s.listPayments)
	handle(s, route{method: http.MethodPost, path: "/payments", id: "add-payment", summary: "Record a payment", roles: billers, status: http.StatusCreated, recorded: true}, s.addPayment)
	handle(s, route{method: http.MethodGet, path: "/payments/{payment}", id: "show-payment", summary: "A payment", roles: billers}, s.showPayment)
	handle(s, route{method: http.MethodPost, path: "/payments/{payment}/use", id: "use-payment", summary: "Give what is left of a payment to an invoice", roles: billers, recorded: true}, s.usePayment)
	handle(s, route{method: http.MethodPost, path: "/payments/{payment}/undo", id: "undo-payment", summary: "Make a payment count no longer", roles: billers, recorded: true}, s.undoPayment)
	handle(s, route{method: http.MethodGet, path: "/receivables", id: "list-receivables", summary: "What invoices are due", roles: everyone}, s.listReceivables)
	handle(s, route{method: http.MethodPost, path: "/receivables/reckon", id: "reckon-receivables", summary: "Add up what invoices are due from the beginning, and mend what is wrong", roles: billers, recorded: true}, s.reckon)
	handle(s, route{method: http.MethodGet, path: "/ageing", id: "show-ageing", summary: "What is open, by how late it is", roles: everyone}, s.showAgeing)
	handle(s, route{method: http.MethodGet, path: "/clients/{client}/account", id: "show-account", summary: "The statement of a client", roles: everyone}, s.showAccount)
}

func (s *Server) listPayments(_ context.Context, in *struct {
	Client string `query:"client" doc:"ID or name"`
}) (*answer[[]api.Payment], error) {
	all, err := s.Bills.Payments(in.Client)
	return body(listed(all)), err
}

func (s *Server) addPayment(ctx context.Context, in *struct{ Body api.NewPayment }) (*answer[api.Payment], error) {
	on, err := dateOf("on", in.Body.On)
	if err != nil {
		return nil, err
	}
	b, amount := in.Body, money.Cents(0)
	if b.Amount != nil {
		if amount = *b.Amount; amount == 0 { // which is none, and not all that is due
			return nil, sepa.CheckAmount(amount)
		}
	}
	p, err := s.Bills.Pay(actor(ctx), billing.NewPayment{Invoices: b.Invoices, Amount: amount, On: on, How: billing.Method(b.How), Note: b.Note, KeepRest: b.KeepRest, Again: b.Again})
	return body(p), err
}

func (s *Server) showPayment(_ context.Context, in *PaymentPath) (*answer[api.Payment], error) {
	p, err := s.Bills.Payment(in.Payment)
	return body(p), err
}

func (s *Server) usePayment(ctx context.Context, in *struct {
	PaymentPath
	Body api.PaymentUse
}) (*answer[api.Payment], error) {
	p, err := s.Bills.UsePayment(actor(ctx), in.Payment, in.Body.Invoice)
	return body(p), err
}

func (s *Server) undoPayment(ctx context.Context, in *struct {
	PaymentPath
	Body api.Reason
}) (*answer[api.Payment], error) {
	p, err := s.Bills.UndoPayment(actor(ctx), in.Payment, in.Body.Reason)
	return body(p), err
}

func (s *Server) listReceivables(_ context.Context, in *struct {
	Client string `query:"client" doc:"ID or name"`
	All    bool   `query:"all" doc:"what is paid too"`
}) (*answer[[]api.Receivable], error) {
	all, err := s.Bills.Receivables(in.Client, in.All)
	list := []api.Receivable{}
	for _, r := range all {
		list = append(list, api.Receivable{Receivable: r, Left: r.Left(), Late: r.Due.DaysUntil(s.Bills.Today())})
	}
	return body(list), err
}

func (s *Server) reckon(ctx context.Context, _ *struct{}) (*answer[[]api.Mismatch], error) {
	wrong, err := s.Bills.MendReceivables(actor(ctx))
	return body(listed(wrong)), err
}

func (s *Server) showAgeing(context.Context, *struct{}) (*answer[api.Ageing], error) {
	clients, total, err := s.Bills.Ageing()
	return body(api.Ageing{On: s.Bills.Today().String(), Clients: listed(clients), Total: total}), err
}

func (s *Server) showAccount(_ context.Context, in *struct {
	ClientPath
	From string `query:"from" doc:"first day; left out: from the beginning"`
}) (*answer[api.ClientAccount], error) {
	from, err := dateOf("from", in.From)
	if err != nil {
		return nil, err
	}
	acc, err := s.Bills.ClientAccount(in.Client, from)
	return body(acc), err
}
