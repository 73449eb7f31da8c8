package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/dolibarr"
	"codeberg.org/accolade/accolade/internal/billing/export"
	"codeberg.org/accolade/accolade/internal/billing/sheet"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
)

// ExportPath is a period in a format.
type ExportPath struct {
	Period       string `path:"period" example:"2026-09" doc:"a finalised month, or a year all of whose months are"`
	Format       string `path:"format" doc:"csv, xlsx, fec or journal"`
	DecimalComma bool   `query:"decimal_comma" doc:"299,52 instead of 299.52, in CSV files"`
}

func (s *Server) registerExports() {
	handle(s, route{method: http.MethodGet, path: "/exports/{period}/{format}", id: "show-export", summary: "What an export of a finalised period holds: counts, sums, files and their SHA-256", roles: everyone}, s.showExport)
	handle(s, route{method: http.MethodPost, path: "/exports/{month}/dolibarr", id: "send-month", summary: "Bring a finalised month's invoices into Dolibarr", roles: billers, status: http.StatusAccepted}, s.sendMonth)
	op := s.declare(route{method: http.MethodGet, path: "/exports/{period}/{format}/{file}", id: "export-file", summary: "A file of an export", roles: everyone})
	op.Responses = map[string]*huma.Response{"200": {Description: "the file",
		Content: map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	huma.Register(s.api, op, func(_ context.Context, in *struct {
		ExportPath
		File string `path:"file" doc:"one that the export names"`
	}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) { s.exportFile(hc, in.ExportPath, in.File) }}, nil
	})
}

func (s *Server) openExport(in ExportPath) (*export.Export, error) {
	p, err := export.ParsePeriod(in.Period)
	if err != nil {
		return nil, &contract.Invalid{Field: "period", Value: in.Period, Allowed: err.Error()}
	}
	return s.Exports.Open(export.Order{Period: p, Format: export.Format(in.Format), Options: sheet.Options{DecimalComma: in.DecimalComma}})
}

func (s *Server) showExport(_ context.Context, in *ExportPath) (*answer[export.Manifest], error) {
	e, err := s.openExport(*in)
	if err != nil {
		return nil, err
	}
	m, err := e.Manifest()
	return body(m), err
}

// exportFile sends a file as it is made, however large it is.
func (s *Server) exportFile(hc huma.Context, in ExportPath, name string) {
	e, err := s.openExport(in)
	w := &headOnWrite{hc: hc}
	if err == nil {
		w.kind = e.ContentType()
		err = e.Write(name, w)
	}
	s.streamed(hc, w, "export", err)
}

// sendMonth refuses at once what the operation would refuse.
func (s *Server) sendMonth(ctx context.Context, in *struct {
	MonthPath
	Body api.SendMonth
}) (*answer[operation.Operation], error) {
	m, err := monthOf(in.Month)
	if err != nil {
		return nil, err
	}
	validate := in.Body.Invoices == "validated" || in.Body.Invoices == "" && s.Dolibarr.Validate
	req, err := s.Dolibarr.Request(dolibarr.Input{Month: m, Validate: validate}, actor(ctx))
	if err != nil {
		return nil, err
	}
	op, err := s.Operations.Start(ctx, req)
	return body(op), err
}
