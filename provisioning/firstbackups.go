package provisioning

import (
	"context"

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
		if operation.IsTransient(err) || ctx.Err() != nil {
			return err
		}
		return s.warn(r, "the first "+kind+" backup failed: "+err.Error())
	}
	return s.tell(r, func(result *Result) { keep(result, volid) })
}
