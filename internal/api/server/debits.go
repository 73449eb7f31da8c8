package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

type MandatePath struct {
	Mandate string `path:"mandate" example:"KERLANN-1"`
}

type DebitPath struct {
	Debit string `path:"debit" example:"DEBIT-000001"`
}

func (s *Server) registerDebits() {
	handle(s, route{method: http.MethodGet, path: "/mandates", id: "list-mandates", summary: "Mandates, of one client or all", roles: billers}, s.listMandates)
	handle(s, route{method: http.MethodPost, path: "/mandates", id: "add-mandate", summary: "Take in a mandate that was signed", roles: billers, status: http.StatusCreated, recorded: true}, s.addMandate)
	handle(s, route{method: http.MethodGet, path: "/mandates/{mandate}", id: "show-mandate", summary: "A mandate", roles: billers}, s.showMandate)
	handle(s, route{method: http.MethodPost, path: "/mandates/{mandate}/revoke", id: "revoke-mandate", summary: "End a mandate", roles: billers, recorded: true}, s.revokeMandate)
	handle(s, route{method: http.MethodGet, path: "/debits", id: "list-debits", summary: "Orders of direct debits", roles: billers}, s.listDebits)
	handle(s, route{method: http.MethodGet, path: "/debits/preview", id: "preview-debits", summary: "What an order would collect", roles: billers}, s.previewDebits)
	handle(s, route{method: http.MethodPost, path: "/debits", id: "order-debits", summary: "Make an order of direct debits", roles: billers, status: http.StatusCreated, recorded: true}, s.orderDebits)
	handle(s, route{method: http.MethodGet, path: "/debits/{debit}", id: "show-debit", summary: "An order of direct debits", roles: billers}, s.showDebit)
	handle(s, route{method: http.MethodGet, path: "/debits/{debit}/file", id: "debit-file", summary: "The file of an order, for the bank", roles: billers}, s.debitFile)
	handle(s, route{method: http.MethodPost, path: "/debits/{debit}/cancel", id: "cancel-debit", summary: "Take an order back that the bank has not got", roles: billers, recorded: true}, s.cancelDebit)
	handle(s, route{method: http.MethodPost, path: "/debits/{debit}/settle", id: "settle-debit", summary: "Record that money of an order has come", roles: billers, recorded: true}, s.settleDebit)
	handle(s, route{method: http.MethodPost, path: "/debits/{debit}/drop", id: "drop-debit", summary: "Take one debit out of an order", roles: billers, recorded: true}, s.dropDebit)
}

func (s *Server) listMandates(_ context.Context, in *struct {
	Client string `query:"client" doc:"ID or name"`
}) (*answer[[]api.Mandate], error) {
	all, err := s.Bills.Mandates(in.Client)
	return body(listed(all)), err
}

func (s *Server) addMandate(ctx context.Context, in *struct{ Body api.NewMandate }) (*answer[api.Mandate], error) {
	b := in.Body
	signed, err := dateOf("signed", b.Signed)
	if err != nil {
		return nil, err
	}
	m, err := s.Bills.AddMandate(actor(ctx), b.Client, billing.SignedMandate{OneOff: b.OneOff, Mandate: sepa.Mandate{ID: b.ID, Signed: signed, Debtor: b.Debtor, IBAN: b.IBAN, BIC: b.BIC}})
	return body(m), err
}

func (s *Server) showMandate(_ context.Context, in *MandatePath) (*answer[api.Mandate], error) {
	m, err := s.Bills.Mandate(in.Mandate)
	return body(m), err
}

func (s *Server) revokeMandate(ctx context.Context, in *struct {
	MandatePath
	Body api.Revocation
}) (*answer[api.Mandate], error) {
	m, err := s.Bills.RevokeMandate(actor(ctx), in.Mandate, in.Body.Reason, in.Body.AfterNext)
	return body(m), err
}

func (s *Server) listDebits(context.Context, *struct{}) (*answer[[]api.DebitOrder], error) {
	all, err := s.Bills.DebitOrders()
	return body(listed(all)), err
}

func (s *Server) previewDebits(_ context.Context, in *struct {
	On string `query:"on" doc:"day of collection; left out: the next that is possible"`
}) (*answer[api.DebitPlan], error) {
	on, err := dateOf("on", in.On)
	if err != nil {
		return nil, err
	}
	p, err := s.Bills.PlanDebits(on)
	return body(p), err
}

func (s *Server) orderDebits(ctx context.Context, in *struct{ Body api.NewDebitOrder }) (*answer[api.DebitOrder], error) {
	on, err := dateOf("on", in.Body.On)
	if err != nil {
		return nil, err
	}
	d, err := s.Bills.OrderDebits(actor(ctx), on, sepa.Format(in.Body.Format))
	return body(d), err
}

func (s *Server) showDebit(_ context.Context, in *DebitPath) (*answer[api.DebitOrder], error) {
	d, err := s.Bills.DebitOrder(in.Debit)
	return body(d), err
}

func (s *Server) debitFile(_ context.Context, in *DebitPath) (*file, error) {
	b, err := s.Bills.DebitFile(in.Debit)
	return &file{"application/xml", `attachment; filename="` + in.Debit + `.xml"`, b}, err
}

func (s *Server) cancelDebit(ctx context.Context, in *struct {
	DebitPath
	Body api.Reason
}) (*answer[api.DebitOrder], error) {
	d, err := s.Bills.CancelDebits(actor(ctx), in.Debit, in.Body.Reason)
	return body(d), err
}

func (s *Server) settleDebit(ctx context.Context, in *struct {
	DebitPath
	Body api.DebitSettlement
}) (*answer[api.DebitOrder], error) {
	on, err := dateOf("on", in.Body.On)
	if err != nil {
		return nil, err
	}
	d, err := s.Bills.SettleDebits(actor(ctx), in.Debit, in.Body.Batch, on)
	return body(d), err
}

func (s *Server) dropDebit(ctx context.Context, in *struct {
	DebitPath
	Body api.DebitDrop
}) (*answer[api.DebitOrder], error) {
	d, err := s.Bills.DropDebit(actor(ctx), in.Debit, in.Body.Invoice, in.Body.Reason)
	return body(d), err
}
