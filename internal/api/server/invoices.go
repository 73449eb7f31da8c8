package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/einvoice"
	"codeberg.org/accolade/accolade/internal/billing/platform"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

type InvoicePath struct {
	Number string `path:"number" example:"F2026-0001"`
}

// file is an answer that is no JSON.
type file struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) registerInvoices() {
	handle(s, route{method: http.MethodGet, path: "/invoices", id: "list-invoices", summary: "Invoices, deposit invoices and credit notes, the oldest first", roles: everyone}, s.listInvoices)
	handle(s, route{method: http.MethodGet, path: "/invoices/{number}", id: "show-invoice", summary: "A finalised invoice, or a credit note", roles: everyone}, s.showInvoice)
	handle(s, route{method: http.MethodGet, path: "/invoices/{number}/document", id: "invoice-document", summary: "The PDF of an invoice", roles: everyone}, s.invoiceDocument)
	handle(s, route{method: http.MethodGet, path: "/invoices/{number}/xml", id: "invoice-xml", summary: "An invoice for machines, as CII or UBL", roles: everyone}, s.invoiceXML)
	handle(s, route{method: http.MethodPost, path: "/invoices/{number}/deposit", id: "deposit-invoice", summary: "Deposit an invoice or a credit note with the approved platform, once", roles: billers, recorded: true}, s.depositInvoice)
	handle(s, route{method: http.MethodPost, path: "/invoices/{number}/deposit/answer", id: "answer-deposit", summary: "Note what the platform or the buyer answered to a deposit", roles: billers, recorded: true}, s.answerDeposit)
	handle(s, route{method: http.MethodPost, path: "/invoices/{number}/credit/preview", id: "preview-credit", summary: "What a credit note would say; changes nothing", roles: billers}, s.previewCredit)
	handle(s, route{method: http.MethodPost, path: "/invoices/{number}/credit", id: "credit-invoice", summary: "Issue a credit note, in full or in part, or to have the invoice billed anew", roles: billers, status: http.StatusAccepted, recorded: true}, s.creditInvoice)
}

func (s *Server) listInvoices(_ context.Context, in *struct {
	Client    string `query:"client" doc:"of this client alone"`
	Month     string `query:"month" doc:"dated in this month alone" example:"2026-09"`
	Operation string `query:"operation" doc:"the credit note that this operation issued"`
}) (*answer[[]api.InvoiceRow], error) {
	rows := []api.InvoiceRow{}
	all, err := s.Bills.Receivables(in.Client, true)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		rows = append(rows, api.InvoiceRow{Number: r.Invoice, Type: billing.TypeOf(r.Invoice), Date: r.Date, Due: r.Due, Client: r.Client, Name: r.Name, Total: r.Total, Left: r.Left()})
		for _, c := range r.Credits {
			rows = append(rows, api.InvoiceRow{Number: c.Number, Type: billing.CreditNote, Corrects: r.Invoice, Date: c.On, Due: c.On, Client: r.Client, Name: r.Name, Total: c.Amount})
		}
	}
	if in.Month != "" {
		m, err := monthOf(in.Month)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r api.InvoiceRow) bool { return r.Date.MonthOf() != m })
	}
	if in.Operation != "" {
		notes, err := s.Bills.IssuedBy(in.Operation)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r api.InvoiceRow) bool {
			return !slices.ContainsFunc(notes, func(n billing.Invoice) bool { return n.Number == r.Number })
		})
	}
	slices.SortStableFunc(rows, func(a, b api.InvoiceRow) int { return a.Date.Compare(b.Date) })
	return body(rows), nil
}

func (s *Server) showInvoice(_ context.Context, in *InvoicePath) (*answer[api.Invoice], error) {
	inv, _, err := s.Bills.Invoice(in.Number)
	if err != nil {
		return nil, err
	}
	doc, err := s.Bills.Document(in.Number)
	if err != nil {
		return nil, err
	}
	out := api.Invoice{Invoice: inv, SHA256: doc.SHA256}
	if d, err := s.Platform.Of(in.Number); err != nil {
		return nil, err
	} else if d.State != "" {
		out.Deposit = &d
	}
	r, err := s.Bills.Receivable(in.Number)
	if errors.Is(err, store.ErrNotFound) { // a credit note is due nothing
		return body(out), nil
	}
	out.Credits = r.Credits
	return body(out), err
}

func (s *Server) invoiceDocument(_ context.Context, in *InvoicePath) (*file, error) {
	pdf, err := s.Bills.Paper(in.Number)
	if err != nil {
		return nil, err
	}
	return &file{"application/pdf", `attachment; filename="` + in.Number + `.pdf"`, pdf}, nil
}

func (s *Server) invoiceXML(_ context.Context, in *struct {
	InvoicePath
	Syntax string `query:"syntax" doc:"cii, as the PDF carries it, or ubl" enum:"cii,ubl" default:"cii"`
}) (*file, error) {
	xml, err := s.Bills.ForMachines(in.Number)
	if err != nil {
		return nil, err
	}
	if in.Syntax == "ubl" {
		inv, _, err := s.Bills.Invoice(in.Number)
		if err != nil {
			return nil, err
		}
		d, err := einvoice.Of(inv)
		if err != nil {
			return nil, err
		}
		xml = einvoice.WriteUBL(d)
	}
	return &file{"application/xml", `attachment; filename="` + in.Number + `.xml"`, xml}, nil
}

type creditBody struct {
	InvoicePath
	Body api.NewCredit
}

func (b *creditBody) input() billing.CreditInput {
	return billing.CreditInput{Invoice: b.Number, Reason: b.Body.Reason, Lines: b.Body.Lines, Amounts: b.Body.Amounts, Replace: b.Body.Replace, Again: b.Body.Again}
}

func (s *Server) previewCredit(_ context.Context, in *creditBody) (*answer[api.Invoice], error) {
	note, err := s.Bills.PreviewCredit(in.input())
	return body(api.Invoice{Invoice: note}), err
}

// creditInvoice refuses at once what the operation would refuse.
func (s *Server) creditInvoice(ctx context.Context, in *creditBody) (*answer[operation.Operation], error) {
	if _, err := s.Bills.PreviewCredit(in.input()); err != nil {
		return nil, err
	}
	op, err := s.Operations.Start(ctx, billing.CreditRequest(in.input(), actor(ctx)))
	return body(op), err
}

func (s *Server) depositInvoice(ctx context.Context, in *InvoicePath) (*answer[api.Deposit], error) {
	d, err := s.Platform.Deposit(ctx, actor(ctx), in.Number)
	return body(d), err
}

func (s *Server) answerDeposit(ctx context.Context, in *struct {
	InvoicePath
	Body api.DepositAnswer
}) (*answer[api.Deposit], error) {
	on, err := dateOf("on", in.Body.On)
	if err != nil {
		return nil, err
	}
	d, err := s.Platform.Note(actor(ctx), in.Number, platform.Answer{On: on, State: platform.State(in.Body.State), Why: in.Body.Reason})
	return body(d), err
}
