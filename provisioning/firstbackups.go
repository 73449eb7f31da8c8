package provisioning

import (
	"context"
	"errors"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// Kinds of backup, as Backups knows them.
const (
	localBackup  = "local"
	remoteBackup = "remote"
)

func (s *Service) firstLocal(ctx context.Context, r *operation.Run) error {
	return s.first(ctx, r, localBackup, func(result *Result, volid string) { result.Local = volid })
}

// firstRemote takes the first remote backup. A vault that stays away does not
// keep a server from going into service: the nightly backup goes on trying.
func (s *Service) firstRemote(ctx context.Context, r *operation.Run) error {
	j, err := s.job(r)
	if err != nil {
		return err
	}
	if j.box.Storages.Vault == "" {
		return s.warn(r, "box "+j.Box+" has no vault: there is no remote backup")
	}
	return s.first(ctx, r, remoteBackup, func(result *Result, volid string) { result.Remote = volid })
}

func (s *Service) first(ctx context.Context, r *operation.Run, kind string, keep func(*Result, string)) error {
	var in Input
	if err := r.Input(&in); err != nil {
		return err
	}
	server, err := s.fleet.Server(in.Server)
	if err != nil {
		return err
	}
	volid, err := s.backups.Take(ctx, r, server, kind)
	if err != nil {
		wait, werr := s.worthWaiting(r, kind, err)
		if werr != nil || wait || ctx.Err() != nil {
			return errors.Join(werr, err)
		}
		return s.warn(r, "the first "+kind+" backup failed: "+err.Error())
	}
	return s.tell(r, func(result *Result) { keep(result, volid) })
}

// backupPatience is how long a first backup is tried before the server goes into service
// without it. A box that is away is waited for: without it there is no service either.
const backupPatience = 6 * time.Hour

// worthWaiting tells whether a first backup is to be tried again.
func (s *Service) worthWaiting(r *operation.Run, kind string, err error) (bool, error) {
	if operation.IsAway(err) || !operation.IsTransient(err) {
		return operation.IsAway(err), nil
	}
	var since time.Time
	key, now := "first."+kind+".since", r.Clock().Now()
	kept, gerr := r.Get(key, &since)
	if gerr != nil || !kept {
		return true, errors.Join(gerr, r.Set(key, now))
	}
	return now.Sub(since) < backupPatience, nil
}
