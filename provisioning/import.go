package provisioning

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/secret"
)

// A batch is one call of YunoHost's import: a second or two per user, and small
// enough for the guest agent's 64 KiB.
const (
	batchSize  = 50
	batchBytes = 48 << 10
)

// usersInput is what an operation server.users is about.
type usersInput struct {
	Server string        `json:"server"`
	File   string        `json:"file"`
	Users  secret.Sealed `json:"users"`
	Count  int           `json:"count"`
}

// usersList may hold passwords; a retry of what failed needs it.
var usersList = operation.Confided{Fields: []string{"users"}}

// UsersWorkflow imports users into a server that runs already.
func (s *Service) UsersWorkflow() operation.Workflow {
	return operation.Workflow{Kind: kindUsers, Confided: usersList, Steps: []operation.Step{
		{Name: stepUsers, Do: s.importLater, CannotUndo: "users that were made stay", Deadline: 12 * time.Hour},
	}}
}

// importUsers is the step of a new server. Users that YunoHost refuses are told
// at the end: the server is of use without them.
func (s *Service) importUsers(ctx context.Context, r *operation.Run) error {
	j, guest, err := s.inside(r)
	if err != nil || len(j.Input.Users) == 0 {
		return err
	}
	if guest, err = s.overHTTPS(ctx, r, j, guest); err != nil {
		return err
	}
	var there map[string]fleet.Account // the first time, nobody: an import leaves the admin alone
	if !r.First() {
		if there, err = guest.Users(ctx); err != nil {
			return later(err)
		}
	}
	failed, err := s.bring(ctx, r, guest, j.Input.Users, there)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := s.warn(r, refusedUsers(failed)); err != nil {
			return err
		}
	}
	return s.tell(r, func(result *Result) { result.Users = j.UserCount - len(failed) })
}

// importLater is the step of a server that is in service.
func (s *Service) importLater(ctx context.Context, r *operation.Run) error {
	var in usersInput
	if err := r.Input(&in); err != nil {
		return err
	}
	server, err := s.fleet.Server(in.Server)
	if err != nil {
		return err
	}
	box, err := s.fleet.Box(server.Box)
	if err != nil {
		return err
	}
	hv, err := s.connect(box)
	if err != nil {
		return fmt.Errorf("box %s: %w", box.Name, err)
	}
	guest := s.enter(hv, server.VMID, r.ID())
	if r.First() {
		guest.Fresh()
	}
	if server.Reachable {
		result, err := s.Result(server.Name)
		if err != nil {
			return err
		}
		reached, err := s.reach(ctx, r, hv, server, result.Admin)
		switch {
		case err == nil && reached != nil:
			guest = reached
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			r.LogLine("not reached over HTTPS, so through the guest agent: " + err.Error())
		}
	}
	there, err := guest.Users(ctx)
	if err != nil {
		return later(err)
	}
	failed, err := s.bring(ctx, r, guest, in.Users, there)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		return operation.Permanent(errors.New(refusedUsers(failed)), "change those rows and import the file again: users that are there are left alone")
	}
	return nil
}

func refusedUsers(failed []string) string {
	return fmt.Sprintf("YunoHost made no user for %s: a password among the most used, or an alias that another user has", strings.Join(failed, ", "))
}

// bring makes the users of a sealed CSV that are not there yet, batch by batch,
// and reads them back after each. there are those that are. It returns the names that
// YunoHost refused.
func (s *Service) bring(ctx context.Context, r *operation.Run, guest Guest, sealed secret.Sealed, there map[string]fleet.Account) (failed []string, err error) {
	text, err := s.keeper.Open(sealed)
	if err != nil {
		return nil, err
	}
	users, err := readUsers("users.csv", []byte(text.Reveal()), nil)
	if err != nil {
		return nil, err
	}
	for {
		missing := slices.DeleteFunc(slices.Clone(users), func(u User) bool {
			_, made := there[u.Username]
			return made || slices.Contains(failed, u.Username)
		})
		done := len(users) - len(missing)
		r.Progress(float64(done)/float64(len(users)), fmt.Sprintf("%d of %d users", done, len(users)))
		if len(missing) == 0 {
			return failed, s.different(r, users, there)
		}
		batch, csv, err := nextBatch(missing)
		if err != nil {
			return nil, err
		}
		made, refusal, err := guest.ImportUsers(ctx, batchName(batch), secret.New(string(csv)), len(batch))
		if refusal = later(refusal); operation.IsTransient(refusal) || ctx.Err() != nil {
			return nil, refusal
		}
		// Whatever it answered: who is there counts.
		if err != nil {
			return nil, later(err)
		}
		there = made
		if refusal != nil {
			r.LogLine("import of users: " + refusal.Error())
		}
		for _, u := range batch {
			if _, made := there[u.Username]; !made {
				failed = append(failed, u.Username)
			}
		}
	}
}

// different tells users that were there before with another mail address: the
// import leaves them alone.
func (s *Service) different(r *operation.Run, users []User, there map[string]fleet.Account) error {
	for _, u := range users {
		if account, ok := there[u.Username]; ok && account.Mail != u.Mail {
			r.LogLine(fmt.Sprintf("user %s exists with mail %s, not %s: left alone", u.Username, account.Mail, u.Mail))
		}
	}
	return nil
}

// nextBatch cuts the first batch off a list.
func nextBatch(users []User) ([]User, []byte, error) {
	for n := min(batchSize, len(users)); ; n = n / 2 {
		csv, err := writeUsers(users[:n])
		if err != nil {
			return nil, nil, err
		}
		if len(csv) <= batchBytes || n == 1 {
			return users[:n], csv, nil
		}
	}
}

// batchName tells one batch from another, by its user names alone.
func batchName(batch []User) string {
	h := sha256.New()
	for _, u := range batch {
		h.Write([]byte(u.Username + "\n"))
	}
	return fmt.Sprintf("users-%x", h.Sum(nil)[:6])
}
