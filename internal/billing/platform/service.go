package platform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/schedule"
	"codeberg.org/accolade/accolade/internal/store"
)

// Ledger gives invoices and their files.
type Ledger interface {
	Invoice(number string) (inv billing.Invoice, sha256 string, err error)
	Paper(number string) ([]byte, error)
	Today() calendar.Date
}

// Service deposits.
type Service struct {
	DB     store.DB
	Clock  clock.Clock
	Ledger Ledger
	Open   func(context.Context) (Files, error) // the place of the platform; nil: there is none
	Log    *slog.Logger
}

var deposits = store.NewCollection[Submission]("deposit", 1,
	store.WithIndex("state", func(d Submission) []string { return []string{string(d.State)} }))

// Deposit hands a document to the platform, once: one that is there comes back as it is.
// A controller that died in between goes on where it was. The file is written under
// another name first; that it is about to be renamed is noted before it is, so that what
// is found afterwards tells what happened: the other name, or not.
func (s *Service) Deposit(ctx context.Context, a contract.Actor, number string) (Submission, error) {
	d, paper, err := s.prepare(number)
	if err != nil || d.State != "" && d.State != Handing && d.State != Rejected {
		return d, err
	}
	if s.Open == nil {
		return d, refused("set platform.url in accoladed's configuration file, then restart it", "the configuration names no approved platform")
	}
	files, err := s.Open(ctx)
	if err != nil {
		return d, away(err)
	}
	defer files.Close()
	part := d.File + ".part"
	if d.State != Handing {
		if err := free(files, d); err != nil {
			return d, err
		}
		if err := files.Put(part, paper); err != nil {
			return d, away(err)
		}
		if d, err = s.note(a, d, Stage{State: Handing}, "deposit.hand"); err != nil {
			return d, err
		}
	}
	held, err := files.Get(part)
	switch {
	case err == nil && !bytes.Equal(held, paper): // somebody else's hand
		return d, refused("remove that file, then deposit again", "%s holds something else than %s", part, number)
	case err == nil:
		// Gone since we looked is renamed: a request of a controller that died comes late.
		if err := files.Rename(part, d.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return d, away(err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return d, away(err)
	}
	return s.note(a, d, Stage{State: Deposited}, "invoice.deposit")
}

// prepare is the deposit of a document as it stands, and its file.
func (s *Service) prepare(number string) (Submission, []byte, error) {
	inv, _, err := s.Ledger.Invoice(number)
	if err != nil {
		return Submission{}, nil, err
	}
	if d, err := s.Of(number); err != nil || d.State != "" && d.State != Handing && d.State != Rejected {
		return d, nil, err
	}
	if inv.Client.SIREN == "" {
		return Submission{}, nil, refused("accolade invoice send "+number+" brings it by mail", "%s has no SIREN, and a platform reaches businesses and public bodies by theirs", inv.Client.Name)
	}
	paper, err := s.Ledger.Paper(number)
	if err != nil {
		return Submission{}, nil, err
	}
	d, err := s.Of(number)
	d.Number, d.SHA256 = number, hashOf(paper)
	d.File = strings.Join(strings.Fields(inv.Seller.SIREN), "") + "_" + number + ".pdf"
	return d, paper, err
}

// free refuses a name that is taken by a file that we did not put there.
func free(files Files, d Submission) error {
	_, err := files.Get(d.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return away(err)
	}
	return refused("look at who put it there; nothing was changed", "the platform's folder holds a file %s already", d.File)
}

// note keeps a step in one transaction with its audit record. Without a day it is today.
func (s *Service) note(a contract.Actor, d Submission, step Stage, action string) (Submission, error) {
	err := s.DB.Update(func(tx store.Tx) error {
		held, err := deposits.Get(tx, d.Number)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if held.State != d.State || len(held.History) != len(d.History) {
			return refused("accolade invoice show "+d.Number, "somebody else changed the deposit of %s meanwhile", d.Number)
		}
		now := d
		now.History = slices.Clone(d.History)
		step.At, step.By = s.Clock.Now(), a.Who
		if step.On.IsZero() {
			step.On = s.Ledger.Today()
		}
		if d.State == "" { // the first
			now.State, now.History = step.State, []Stage{step}
		} else if err := now.turn(step); err != nil {
			return err
		}
		if err := deposits.Put(tx, d.Number, now); err != nil {
			return err
		}
		d = now
		return audit.Append(tx, step.At, audit.Record{Who: a.Who, From: a.From, Action: action, Object: "invoice/" + d.Number, Result: "ok", Detail: strings.TrimSpace(string(step.State) + " " + step.Why)})
	})
	return d, err
}

// Of is the deposit of a document; its State is empty where there is none.
func (s *Service) Of(number string) (d Submission, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		d, err = deposits.Get(tx, number)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	return d, err
}

// List are all deposits, by number.
func (s *Service) List() (all []Submission, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = deposits.List(tx)
		return err
	})
	return all, err
}

// Note is an answer of the platform or of the buyer, as a human read it.
func (s *Service) Note(a contract.Actor, number string, answer Answer) (Submission, error) {
	if !slices.Contains(Answers, answer.State) {
		return Submission{}, &contract.Invalid{Field: "state", Value: string(answer.State), Allowed: contract.OneOf(Answers)}
	}
	if answer.On.After(s.Ledger.Today()) {
		return Submission{}, &contract.Invalid{Field: "on", Value: answer.On.String(), Allowed: "that day has not come"}
	}
	if (answer.State == Rejected || answer.State == Refused) && strings.TrimSpace(answer.Why) == "" {
		return Submission{}, &contract.Invalid{Field: "reason", Allowed: "say why it was " + string(answer.State)}
	}
	d, err := s.Of(number)
	if err != nil {
		return d, err
	}
	if d.State == "" {
		return d, refused("accolade invoice deposit "+number, "%s was not deposited", number)
	}
	return s.note(a, d, Stage{State: answer.State, On: answer.On, Why: strings.Join(strings.Fields(answer.Why), " ")}, "deposit."+string(answer.State))
}

// Refresh reads the answers that have come for open deposits. An answer that cannot
// follow is told in the log, and read no more.
func (s *Service) Refresh(ctx context.Context) error {
	all, err := s.List()
	if err != nil || s.Open == nil || !slices.ContainsFunc(all, func(d Submission) bool { return d.State.Open() }) {
		return err
	}
	files, err := s.Open(ctx)
	if err != nil {
		return away(err)
	}
	defer files.Close()
	var errs []error
	for _, d := range all {
		if d.State.Open() && ctx.Err() == nil {
			errs = append(errs, s.refresh(files, d))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) refresh(files Files, d Submission) error {
	name := strings.TrimSuffix(d.File, ".pdf") + ".status"
	text, err := files.Get(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var answers []Answer
	if err == nil {
		err = json.Unmarshal(text, &answers)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fresh := len(answers) > d.Read
	for i := d.Read; i < len(answers); i++ {
		x := answers[i]
		d.Read = i + 1
		if x.State == Deposited { // it says that it has it
			continue
		}
		if last := d.History[len(d.History)-1].On; x.On.Before(last) && !x.On.Before(last.AddDays(-1)) {
			x.On = last // its day may end before ours
		}
		after, err := s.note(contract.Actor{Who: "platform", From: name}, d, Stage{State: x.State, On: x.On, Why: x.Why}, "deposit."+string(x.State))
		if _, no := errors.AsType[*operation.Refused](err); no {
			s.Log.Error("the platform's answer cannot be", "file", name, "answer", i+1, "error", err)
			continue
		}
		if err != nil {
			return err
		}
		d = after
	}
	if !fresh {
		return nil
	}
	return s.DB.Update(func(tx store.Tx) error { // also of what could not be
		held, err := deposits.Get(tx, d.Number)
		if err != nil {
			return err
		}
		held.Read = max(held.Read, d.Read)
		return deposits.Put(tx, d.Number, held)
	})
}

// Entry reads the answers every hour.
func (s *Service) Entry(zone string) schedule.Entry {
	return schedule.Entry{Name: "billing/platform", Spec: "17 * * * *", Zone: zone, Run: func(ctx context.Context, _ time.Time) error { return s.Refresh(ctx) }}
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func refused(fix, why string, args ...any) error {
	return &operation.Refused{Why: fmt.Sprintf(why, args...), Fix: fix}
}

// away says that the platform cannot be worked with now.
func away(err error) error {
	if _, ok := errors.AsType[*operation.Refused](err); ok {
		return err
	}
	return refused("nothing was lost: deposit again when it answers", "the platform's place does not take the file: %v", err)
}
