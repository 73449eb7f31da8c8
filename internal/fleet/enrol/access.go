package enrol

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
)

func (e *enrolment) pool(ctx context.Context) ([]action, error) {
	pools, err := e.host.Pools(ctx)
	if err != nil || slices.Contains(pools, fleet.PoolName) {
		return nil, err
	}
	return []action{{"make the pool " + fleet.PoolName, func(ctx context.Context) error {
		if err := e.made("pool"); err != nil {
			return err
		}
		return e.host.CreatePool(ctx, fleet.PoolName, "servers run by Accolade")
	}}}, nil
}

func (e *enrolment) dropPool(ctx context.Context) error {
	made, err := e.undoing("pool")
	if err != nil || !made {
		return err
	}
	pools, err := e.host.Pools(ctx)
	if err != nil || !slices.Contains(pools, fleet.PoolName) {
		return err
	}
	return e.host.DeletePool(ctx, fleet.PoolName)
}

// job makes or mends the resident backup job. It needs Sys.Modify on /, which is
// why it is made here and never by the controller's own token.
func (e *enrolment) job(ctx context.Context) ([]action, error) {
	jobs, err := e.host.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	want := e.box.Job
	i := slices.IndexFunc(jobs, func(j fleet.Job) bool { return j.ID == want.ID })
	if i < 0 {
		return []action{{fmt.Sprintf("make the nightly backup job %s: %s (%s), to %s, keeping %s", want.ID, want.Schedule, e.box.Zone, want.Storage, want.Prune), func(ctx context.Context) error {
			if err := e.made("job"); err != nil {
				return err
			}
			return e.host.CreateJob(ctx, want)
		}}}, nil
	}
	diff := jobDiff(want, jobs[i])
	if len(diff) == 0 {
		return nil, nil
	}
	var words []string
	for _, d := range diff {
		words = append(words, fmt.Sprintf("%s is %q, not %q", d.What, d.Actual, d.Wanted))
	}
	return []action{{"mend the backup job " + want.ID + ": " + strings.Join(words, ", "), func(ctx context.Context) error { return e.host.UpdateJob(ctx, want) }}}, nil
}

func (e *enrolment) dropJob(ctx context.Context) error {
	made, err := e.undoing("job")
	if err != nil || !made {
		return err
	}
	jobs, err := e.host.Jobs(ctx)
	if err != nil || !slices.ContainsFunc(jobs, func(j fleet.Job) bool { return j.ID == fleet.LocalJob }) {
		return err
	}
	return e.host.DeleteJob(ctx, fleet.LocalJob)
}

// roles writes one role for each path. After a major upgrade of the box the names
// of some privileges are others, and the roles are written anew.
func (e *enrolment) roles(ctx context.Context) ([]action, error) {
	have, err := e.host.Roles(ctx)
	if err != nil {
		return nil, err
	}
	var needed []action
	var missing []string
	for _, kind := range fleet.PathKinds {
		want := fleet.RoleFor(kind, e.box.Version)
		i := slices.IndexFunc(have, func(r fleet.Role) bool { return r.Name == want.Name })
		switch {
		case i < 0:
			missing = append(missing, want.Name)
			needed = append(needed, action{"make the role " + want.Name + ": " + strings.Join(want.Privs, " "), func(ctx context.Context) error {
				if err := e.makes("roles", missing); err != nil {
					return err
				}
				return e.host.CreateRole(ctx, want)
			}})
		case !slices.Equal(have[i].Privs, want.Privs):
			needed = append(needed, action{fmt.Sprintf("mend the role %s: it has %s, not %s", want.Name, strings.Join(have[i].Privs, " "), strings.Join(want.Privs, " ")),
				func(ctx context.Context) error { return e.host.UpdateRole(ctx, want) }})
		}
	}
	return needed, nil
}

func (e *enrolment) dropRoles(ctx context.Context) error {
	have, err := e.host.Roles(ctx)
	if err != nil {
		return err
	}
	made, err := e.undoingAll("roles")
	if err != nil {
		return err
	}
	for _, r := range have {
		if slices.Contains(made, r.Name) {
			if err := e.host.DeleteRole(ctx, r.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *enrolment) user(ctx context.Context) ([]action, error) {
	users, err := e.host.Users(ctx)
	if err != nil || slices.Contains(users, fleet.BoxUser) {
		return nil, err
	}
	return []action{{"make the user " + fleet.BoxUser + ", without a password", func(ctx context.Context) error {
		if err := e.made("user"); err != nil {
			return err
		}
		return e.host.CreateUser(ctx, fleet.BoxUser, "Accolade's controller")
	}}}, nil
}

func (e *enrolment) dropUser(ctx context.Context) error {
	made, err := e.undoing("user")
	if err != nil || !made {
		return err
	}
	users, err := e.host.Users(ctx)
	if err != nil || !slices.Contains(users, fleet.BoxUser) {
		return err
	}
	return e.host.DeleteUser(ctx, fleet.BoxUser)
}

// rights gives user and token their roles, and takes what is more than that.
func (e *enrolment) rights(ctx context.Context) ([]action, error) {
	have, err := e.host.Grants(ctx)
	if err != nil {
		return nil, err
	}
	want := e.box.Grants()
	var needed []action
	var missing []string
	for _, g := range have {
		if (g.Who == fleet.BoxUser || g.Who == fleet.BoxToken) && !slices.Contains(want, g) {
			needed = append(needed, action{fmt.Sprintf("take %s on %s from %s, which is too much", g.Role, g.Path, g.Who), func(ctx context.Context) error { return e.host.Revoke(ctx, g) }})
		}
	}
	for _, g := range want {
		if !slices.Contains(have, g) {
			missing = append(missing, grantName(g))
			needed = append(needed, action{fmt.Sprintf("give %s on %s to %s", g.Role, g.Path, g.Who), func(ctx context.Context) error {
				if err := e.makes("grants", missing); err != nil {
					return err
				}
				return e.host.Grant(ctx, g)
			}})
		}
	}
	return needed, nil
}

func grantName(g fleet.Grant) string { return g.Who + " " + g.Path + " " + g.Role }

func (e *enrolment) dropRights(ctx context.Context) error {
	have, err := e.host.Grants(ctx)
	if err != nil {
		return err
	}
	made, err := e.undoingAll("grants")
	if err != nil {
		return err
	}
	for _, g := range have {
		if slices.Contains(made, grantName(g)) {
			if err := e.host.Revoke(ctx, g); err != nil {
				return err
			}
		}
	}
	return nil
}
