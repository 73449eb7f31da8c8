package enrol

import (
	"context"
	"errors"
	"fmt"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/store"
)

// enrolment is one box on its way in, seen from one step or from a plan.
type enrolment struct {
	svc   *Service
	in    Input
	login fleet.Login
	host  Host
	vault VaultServer
	site  fleet.Site
	to    fleet.Vault
	box   fleet.Box // as it is stored; while planning, as it would be
	known bool      // the box has a record
	r     *operation.Run

	warnings []string
}

// action is one change that is needed. A step that finds its effect there needs none.
type action struct {
	what string
	do   func(ctx context.Context) error
}

// step is one part of the enrolment: actions looks and says what is needed; undo
// takes back what this operation made, and only that.
type step struct {
	name       string
	actions    func(e *enrolment, ctx context.Context) ([]action, error)
	undo       func(e *enrolment, ctx context.Context) error
	cannotUndo string
}

var steps = []step{
	{name: "check the box", actions: (*enrolment).check, undo: (*enrolment).forget},
	{name: formatStep, actions: (*enrolment).format, cannotUndo: "the HDD stays formatted and mounted at " + mountpoint},
	{name: "local backup storage", actions: (*enrolment).backupStorage, undo: (*enrolment).dropBackupStorage},
	{name: "storage for images and seeds", actions: (*enrolment).imagesStorage, undo: (*enrolment).dropImagesStorage},
	{name: "namespace on the vault", actions: (*enrolment).namespace, undo: (*enrolment).dropNamespace},
	{name: "login on the vault", actions: (*enrolment).vaultLogin, undo: (*enrolment).dropVaultLogin},
	{name: "encryption key", actions: (*enrolment).key}, // goes with the record
	{name: "vault storage", actions: (*enrolment).vaultStorage, undo: (*enrolment).dropVaultStorage},
	{name: "pool", actions: (*enrolment).pool, undo: (*enrolment).dropPool},
	{name: "nightly local backup", actions: (*enrolment).job, undo: (*enrolment).dropJob},
	{name: "roles", actions: (*enrolment).roles, undo: (*enrolment).dropRoles},
	{name: "user", actions: (*enrolment).user, undo: (*enrolment).dropUser},
	{name: "token", actions: (*enrolment).token, undo: (*enrolment).dropToken},
	{name: "rights", actions: (*enrolment).rights, undo: (*enrolment).dropRights},
	{name: "take into service", actions: (*enrolment).service},
	{name: lastStep, actions: (*enrolment).revoke},
}

// workflow turns the steps into an operation's.
func (s *Service) workflow() operation.Workflow {
	w := operation.Workflow{Kind: kind, Confided: operation.Confided{
		Fields: []string{"credential"},
		Again:  "begin anew with `accolade box enrol`, which goes on with what is there: the box's credential is kept for one run only",
	}}
	for _, st := range steps {
		out := operation.Step{Name: st.name, CannotUndo: st.cannotUndo}
		out.Do = func(ctx context.Context, r *operation.Run) error {
			return s.with(r, func(e *enrolment) error {
				return e.run(ctx, st)
			})
		}
		if st.undo != nil {
			out.Undo = func(ctx context.Context, r *operation.Run) error {
				return s.with(r, func(e *enrolment) error { return st.undo(e, ctx) })
			}
		}
		w.Steps = append(w.Steps, out)
	}
	return w
}

// with opens the enrolment for one step of an operation.
func (s *Service) with(r *operation.Run, f func(*enrolment) error) error {
	var in Input
	if err := r.Input(&in); err != nil {
		return err
	}
	login, err := s.unseal(in.Credential)
	if err != nil {
		return err
	}
	e, err := s.open(in, login, r)
	if err != nil {
		return err
	}
	defer e.close()
	return f(e)
}

func (s *Service) open(in Input, login fleet.Login, r *operation.Run) (*enrolment, error) {
	e := &enrolment{svc: s, in: in, login: login, r: r}
	err := s.DB.View(func(tx store.Tx) (err error) {
		if e.site, err = fleet.Sites.Get(tx, in.Site); err != nil {
			return err
		}
		if e.to, err = fleet.Vaults.Get(tx, in.Vault); err != nil {
			return err
		}
		if e.box, err = fleet.Boxes.Get(tx, in.Name); err == nil {
			e.known = true
		} else if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := s.Keeper.Open(e.to.TokenSecret)
	if err != nil {
		return nil, fmt.Errorf("vault %s: open its token: %w", e.to.Name, err)
	}
	reach := fleet.Box{Name: in.Name, URL: in.URL, Fingerprint: in.Fingerprint, Node: e.box.Node}
	e.host, e.vault = s.DialBox(reach, login), s.DialVault(e.to, key)
	return e, nil
}

func (e *enrolment) close() {
	e.host.Close()
	e.vault.Close()
}

// run carries out what a step needs.
func (e *enrolment) run(ctx context.Context, st step) error {
	needed, err := st.actions(e, ctx)
	if err != nil {
		return err
	}
	for _, a := range needed {
		e.r.LogLine(a.what)
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// made says, before it is done, that this operation makes something, so that its
// undo and only its undo takes it away again.
func (e *enrolment) made(what string) error { return e.r.Set("made "+what, true) }

// makes is made for several things at once. The first list stands: after a restart
// fewer are missing, and all of them are ours.
func (e *enrolment) makes(what string, names []string) error {
	if have, err := e.undoingAll(what); err != nil || len(have) > 0 {
		return err
	}
	return e.r.Set("made "+what, names)
}

func (e *enrolment) undoingAll(what string) (names []string, err error) {
	_, err = e.r.Get("made "+what, &names)
	return names, err
}

// undoing tells whether this operation made something.
func (e *enrolment) undoing(what string) (bool, error) {
	var made bool
	_, err := e.r.Get("made "+what, &made)
	return made, err
}

// save changes the box's record.
func (e *enrolment) save(change func(b *fleet.Box)) error {
	return e.r.Update(func(tx store.Tx) error {
		b, err := fleet.Boxes.Get(tx, e.in.Name)
		if err != nil {
			return err
		}
		change(&b)
		e.box = b
		return fleet.Boxes.Put(tx, b.Name, b)
	})
}

// open opens a sealed secret of the box; an empty one stays empty.
func (e *enrolment) open(what string, sealed secret.Sealed) (secret.Value, error) {
	if len(sealed) == 0 {
		return secret.Value{}, nil
	}
	v, err := e.svc.Keeper.Open(sealed)
	if err != nil {
		return v, fmt.Errorf("box %s: open %s: %w", e.in.Name, what, err)
	}
	return v, nil
}

// ofAnotherKey tells of a secret that was sealed with a key which is lost.
func ofAnotherKey(err error) bool {
	_, is := errors.AsType[*secret.OtherKeyError](err)
	return is
}

func (e *enrolment) refuse(why, fix string) error {
	return &operation.Refused{Why: "box " + e.in.Name + " " + why, Fix: fix}
}
