package enrol

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
)

// token makes our API token. Its secret is shown once: one whose secret was never
// stored (we died in between) is worth nothing, and is made anew. So is one without
// privilege separation, which would have all of its user's rights.
func (e *enrolment) token(ctx context.Context) ([]action, error) {
	users, err := e.host.Users(ctx)
	if err != nil {
		return nil, err
	}
	there := false
	if slices.Contains(users, fleet.BoxUser) {
		tokens, err := e.host.Tokens(ctx, fleet.BoxUser)
		if err != nil {
			return nil, err
		}
		there = slices.Contains(tokens, fleet.Token{ID: fleet.BoxToken, Privsep: true})
	}
	if there && e.box.TokenID == fleet.BoxToken && len(e.box.TokenSecret) > 0 {
		accepted, err := e.accepted(ctx)
		if err != nil || accepted {
			return nil, err
		}
	}
	return []action{{"make the token " + fleet.BoxToken + ", with privilege separation", func(ctx context.Context) error { return e.newToken(ctx) }}}, nil
}

// accepted tells whether the box still knows the secret that we have: somebody may
// have made the token anew.
func (e *enrolment) accepted(ctx context.Context) (bool, error) {
	ours, err := e.asOurselves()
	if ofAnotherKey(err) { // as good as lost
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer ours.Close()
	_, err = ours.Permissions(ctx)
	if errors.Is(err, fleet.ErrUnauthorized) {
		return false, nil
	}
	return err == nil, err
}

// asOurselves speaks to the box with our own token.
func (e *enrolment) asOurselves() (Host, error) {
	value, err := e.open("our token", e.box.TokenSecret)
	if err != nil {
		return nil, err
	}
	return e.svc.DialBox(e.box, fleet.Login{TokenID: e.box.TokenID, User: fleet.BoxUser, Secret: value}), nil
}

func (e *enrolment) newToken(ctx context.Context) error {
	tokens, err := e.host.Tokens(ctx, fleet.BoxUser)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(tokens, func(t fleet.Token) bool { return t.ID == fleet.BoxToken }) {
		if err := e.host.DeleteToken(ctx, fleet.BoxToken); err != nil {
			return err
		}
	}
	if err := e.made("token"); err != nil {
		return err
	}
	value, err := e.host.CreateToken(ctx, fleet.BoxToken, "Accolade's controller")
	if err != nil {
		return err
	}
	sealed, err := e.svc.Keeper.Seal(value)
	if err != nil {
		return err
	}
	return e.save(func(b *fleet.Box) { b.TokenID, b.TokenSecret = fleet.BoxToken, sealed })
}

func (e *enrolment) dropToken(ctx context.Context) error {
	made, err := e.undoing("token")
	if err != nil || !made {
		return err
	}
	users, err := e.host.Users(ctx)
	if err != nil || !slices.Contains(users, fleet.BoxUser) {
		return err
	}
	tokens, err := e.host.Tokens(ctx, fleet.BoxUser)
	if err != nil || !slices.ContainsFunc(tokens, func(t fleet.Token) bool { return t.ID == fleet.BoxToken }) {
		return err
	}
	return e.host.DeleteToken(ctx, fleet.BoxToken)
}

// service tries our own token, and takes the box into service.
func (e *enrolment) service(ctx context.Context) ([]action, error) {
	want := e.box.State
	switch {
	case e.in.Spare:
		want = fleet.BoxSpare
	case want == "" || want == fleet.BoxEnrolling || want == fleet.BoxSpare && e.in.Client != "":
		want = fleet.BoxReady
	}
	if e.box.State == want && !e.box.Enrolled.IsZero() {
		return nil, nil
	}
	return []action{{"try our own token, then take the box into service", func(ctx context.Context) error {
		if err := e.tryToken(ctx); err != nil {
			return err
		}
		return e.save(func(b *fleet.Box) {
			b.State = want
			if b.Enrolled.IsZero() {
				b.Enrolled = e.svc.Clock.Now()
			}
		})
	}}}, nil
}

// tryToken reads our own rights with our own token.
func (e *enrolment) tryToken(ctx context.Context) error {
	ours, err := e.asOurselves()
	if err != nil {
		return err
	}
	defer ours.Close()
	have, err := ours.Permissions(ctx)
	if err != nil {
		return fmt.Errorf("try our own token: %w", err)
	}
	for _, kind := range fleet.PathKinds {
		for _, p := range fleet.Rights(kind, e.box.Version) {
			if _, ok := have[e.box.Path(kind)][p]; !ok {
				return operation.Permanent(fmt.Errorf("box %s: our token lacks %s on %s although it was given", e.in.Name, p, e.box.Path(kind)),
					"look at the permissions of "+fleet.BoxToken+" on the box")
			}
		}
	}
	return nil
}

// revoke removes the credential that the technician lent us, if it was a token. It
// comes last: whatever happens here, the box is in service. A token that can not
// be removed is told of, not undone for.
func (e *enrolment) revoke(ctx context.Context) ([]action, error) {
	if e.login.Password() {
		return nil, nil
	}
	if e.login.TokenID == e.box.TokenID {
		return nil, e.refuse("was given the controller's own token as credential", "give root's password or a token of root@pam")
	}
	return []action{{"revoke the bootstrap token " + e.login.TokenID, e.revokeNow}}, nil
}

// revokeTries is how often a box is asked that answers with something else each time.
const revokeTries = 5

func (e *enrolment) revokeNow(ctx context.Context) error {
	var err error
	for try := range revokeTries {
		if try > 0 {
			if err := e.r.Clock().Sleep(ctx, time.Minute); err != nil {
				return err
			}
		}
		err = e.host.DeleteToken(ctx, e.login.TokenID)
		switch {
		case err == nil, errors.Is(err, fleet.ErrUnauthorized), errors.Is(err, fleet.ErrNotFound):
			return nil
		case errors.Is(err, fleet.ErrUnreachable), ctx.Err() != nil:
			return err
		}
	}
	e.r.LogLine(fmt.Sprintf("the bootstrap token %s could not be revoked: %v; remove it on the box", e.login.TokenID, err))
	return nil
}
