package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/fleet/enrol"
)

func (s *Server) registerBoxes() {
	handle(s, route{method: http.MethodGet, path: "/boxes", id: "list-boxes", summary: "Boxes by name", roles: everyone}, s.listBoxes)
	handle(s, route{method: http.MethodGet, path: "/boxes/{box}", id: "show-box", summary: "One box, with what it said when it was last asked", roles: everyone}, s.showBox)
	handle(s, route{method: http.MethodPatch, path: "/boxes/{box}", id: "edit-box", summary: "Change whose box it is and where it stands", roles: techs}, s.editBox)
	handle(s, route{method: http.MethodPost, path: "/boxes/{box}/plan", id: "plan-enrolment", summary: "What an enrolment would do; changes nothing", roles: techs}, s.planEnrolment)
	handle(s, route{method: http.MethodPost, path: "/boxes/{box}/enrol", id: "enrol-box", summary: "Enrol or mend a box", roles: techs, status: http.StatusAccepted}, s.enrolBox)
	handle(s, route{method: http.MethodPost, path: "/boxes/{box}/observe", id: "observe-box", summary: "Ask a box now", roles: techs}, s.observeBox)
	handle(s, route{method: http.MethodPost, path: "/boxes/{box}/key", id: "print-key", summary: "The paper key for the client's safe, as PDF", roles: techs, discloses: true}, s.printKey)
}

type boxPath struct {
	Box string `path:"box"`
}

func (s *Server) listBoxes(context.Context, *struct{}) (*answer[[]api.Box], error) {
	all, err := s.Fleet.Boxes()
	if err != nil {
		return nil, err
	}
	out := make([]api.Box, len(all))
	for i, b := range all {
		if out[i], err = s.wireBox(b); err != nil {
			return nil, err
		}
	}
	return body(out), nil
}

func (s *Server) showBox(_ context.Context, in *boxPath) (*answer[api.Box], error) {
	b, err := s.Fleet.Box(in.Box)
	if err != nil {
		return nil, err
	}
	return s.boxAnswer(b)
}

func (s *Server) editBox(ctx context.Context, in *struct {
	Box  string `path:"box"`
	Body api.BoxEdit
}) (*answer[api.Box], error) {
	b, err := s.Fleet.EditBox(in.Box, func(b *fleet.Box) {
		put(&b.Client, in.Body.Client)
		put(&b.Site, in.Body.Site)
		put((*string)(&b.State), in.Body.State)
	}, s.recordTx(ctx))
	if err != nil {
		return nil, err
	}
	return s.boxAnswer(b)
}

type enrolRequest struct {
	Box  string `path:"box"`
	Body api.Enrolment
}

func (s *Server) planEnrolment(ctx context.Context, in *enrolRequest) (*answer[api.EnrolmentPlan], error) {
	login, err := fleet.ParseLogin(in.Body.Credential)
	if err != nil {
		return nil, err
	}
	plan, err := s.Enrol.Plan(ctx, enrolInput(in), login)
	if err != nil {
		return nil, err
	}
	return body(wirePlan(plan)), nil
}

func (s *Server) enrolBox(ctx context.Context, in *enrolRequest) (*answer[api.EnrolmentPlan], error) {
	if in.Body.Client != "" && s.Book != nil {
		client, err := s.Book.Client(in.Body.Client)
		if err != nil {
			return nil, err
		}
		in.Body.Client = client.ID
	}
	login, err := fleet.ParseLogin(in.Body.Credential)
	if err != nil {
		return nil, err
	}
	who := caller(ctx)
	op, plan, err := s.Enrol.Start(ctx, enrolInput(in), login, who.Name, who.From)
	if err != nil {
		return nil, err
	}
	out := wirePlan(plan)
	if op.ID != "" {
		out.Operation = &op
	}
	return body(out), nil
}

func (s *Server) observeBox(ctx context.Context, in *boxPath) (*answer[api.Box], error) {
	b, err := s.Fleet.Box(in.Box)
	if err != nil {
		return nil, err
	}
	if err := s.Fleet.Observed(b.Name, s.Enrol.Observe(ctx, b)); err != nil {
		return nil, err
	}
	if b, err = s.Fleet.Box(in.Box); err != nil {
		return nil, err
	}
	return s.boxAnswer(b)
}

// pdf is an answer that is a file.
type pdf struct {
	Type string `header:"Content-Type"`
	Body []byte
}

func (s *Server) printKey(_ context.Context, in *boxPath) (*pdf, error) {
	file, err := s.Enrol.PaperKey(in.Box)
	if err != nil {
		return nil, err
	}
	return &pdf{Type: "application/pdf", Body: file}, nil
}

func enrolInput(in *enrolRequest) enrol.Input {
	e := in.Body
	return enrol.Input{Name: in.Box, Site: e.Site, Client: e.Client, Spare: e.Spare, URL: e.URL, Fingerprint: e.Fingerprint, Vault: e.Vault, Namespace: e.Namespace,
		VMStorage: e.VMStorage, Bridge: e.Bridge, SSD: e.SSD, HDD: e.HDD, WipeDisk: e.WipeDisk, Schedule: e.Schedule, Retention: e.Retention, Repair: e.Repair}
}

func wirePlan(p enrol.Plan) api.EnrolmentPlan {
	out := api.EnrolmentPlan{Node: p.Box.Node, Version: p.Box.Version, Wipes: p.Wipes != nil, Formats: p.Formats, Actions: []api.EnrolmentAction{}, Warnings: append([]string{}, p.Warnings...)}
	for i, d := range p.Box.Disks {
		switch d.Role {
		case fleet.RoleSystem:
			out.SSD = &p.Box.Disks[i]
		case fleet.RoleBackup:
			out.HDD = &p.Box.Disks[i]
		}
	}
	for _, a := range p.Actions {
		out.Actions = append(out.Actions, api.EnrolmentAction(a))
	}
	return out
}

func (s *Server) boxAnswer(b fleet.Box) (*answer[api.Box], error) {
	out, err := s.wireBox(b)
	if err != nil {
		return nil, err
	}
	return body(out), nil
}

func (s *Server) wireBox(b fleet.Box) (api.Box, error) {
	out := api.Box{Name: b.Name, Site: b.Site, Client: b.Client, State: string(b.State), URL: b.URL, Fingerprint: b.Fingerprint, Node: b.Node, Version: b.Version, Zone: b.Zone,
		Disks: append([]fleet.Disk{}, b.Disks...), Storages: b.Storages, Job: b.Job, Vault: b.Vault, Namespace: b.Namespace, KeyPrint: b.KeyPrint, TokenID: b.TokenID,
		Servers: []string{}, Observed: b.Observed, Enrolled: b.Enrolled}
	servers, err := s.Fleet.ServersOn(b.Name)
	for _, one := range servers {
		out.Servers = append(out.Servers, one.Name)
	}
	return out, err
}
