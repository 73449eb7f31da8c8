package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/fleet"
)

func (s *Server) registerVaults() {
	handle(s, route{method: http.MethodGet, path: "/vaults", id: "list-vaults", summary: "Vaults by name", roles: everyone}, s.listVaults)
	handle(s, route{method: http.MethodGet, path: "/vaults/{vault}", id: "show-vault", summary: "One vault", roles: everyone}, s.showVault)
	handle(s, route{method: http.MethodPost, path: "/vaults", id: "add-vault", summary: "Make a vault known, after a look at it", roles: techs, status: http.StatusCreated}, s.addVault)
	handle(s, route{method: http.MethodPatch, path: "/vaults/{vault}", id: "edit-vault", summary: "Change how a vault is reached, after a look at it", roles: techs}, s.editVault)
}

type vaultPath struct {
	Vault string `path:"vault"`
}

func (s *Server) listVaults(context.Context, *struct{}) (*answer[[]api.Vault], error) {
	all, err := s.Fleet.Vaults()
	if err != nil {
		return nil, err
	}
	out := make([]api.Vault, len(all))
	for i, v := range all {
		if out[i], err = s.wireVault(v); err != nil {
			return nil, err
		}
	}
	return body(out), nil
}

func (s *Server) showVault(_ context.Context, in *vaultPath) (*answer[api.Vault], error) {
	v, err := s.Fleet.Vault(in.Vault)
	if err != nil {
		return nil, err
	}
	return s.vaultAnswer(v)
}

func (s *Server) addVault(ctx context.Context, in *struct{ Body api.NewVault }) (*answer[api.Vault], error) {
	note(ctx, "vaults/"+in.Body.Name, "")
	v := fleet.Vault{Name: in.Body.Name}
	changeVault(&v, in.Body.VaultEdit)
	var token string
	put(&token, in.Body.Token)
	v, err := s.Enrol.AddVault(ctx, v, token, s.recordTx(ctx))
	if err != nil {
		return nil, err
	}
	return s.vaultAnswer(v)
}

func (s *Server) editVault(ctx context.Context, in *struct {
	Vault string `path:"vault"`
	Body  api.VaultEdit
}) (*answer[api.Vault], error) {
	var token string
	put(&token, in.Body.Token)
	v, err := s.Enrol.EditVault(ctx, in.Vault, func(v *fleet.Vault) { changeVault(v, in.Body) }, token, s.recordTx(ctx))
	if err != nil {
		return nil, err
	}
	return s.vaultAnswer(v)
}

func changeVault(v *fleet.Vault, e api.VaultEdit) {
	put(&v.Site, e.Site)
	put(&v.URL, e.URL)
	put(&v.Fingerprint, e.Fingerprint)
	put(&v.Datastore, e.Datastore)
}

func (s *Server) vaultAnswer(v fleet.Vault) (*answer[api.Vault], error) {
	out, err := s.wireVault(v)
	if err != nil {
		return nil, err
	}
	return body(out), nil
}

func (s *Server) wireVault(v fleet.Vault) (api.Vault, error) {
	out := api.Vault{Name: v.Name, Site: v.Site, URL: v.URL, Fingerprint: v.Fingerprint, Datastore: v.Datastore, TokenID: v.TokenID, Boxes: []string{}, Created: v.Created}
	boxes, err := s.Fleet.Boxes()
	for _, b := range boxes {
		if b.Vault == v.Name {
			out.Boxes = append(out.Boxes, b.Name)
		}
	}
	return out, err
}
