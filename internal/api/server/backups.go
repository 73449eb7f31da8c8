package server

import (
	"context"
	"net/http"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/backup"
	"codeberg.org/accolade/accolade/internal/operation"
)

func (s *Server) registerBackups() {
	handle(s, route{method: http.MethodGet, path: "/backups", id: "list-backups", summary: "Backup points, as the storages list them now", roles: everyone}, s.listBackups)
	handle(s, route{method: http.MethodGet, path: "/backups/runs", id: "list-backup-runs", summary: "Backups that the controller made or tried", roles: everyone}, s.listBackupRuns)
	handle(s, route{method: http.MethodPost, path: "/backups", id: "back-up", summary: "Back a server up now", roles: techs, status: http.StatusAccepted}, s.backUp)
	handle(s, route{method: http.MethodPost, path: "/backups/restore", id: "restore-backup", summary: "Restore a point to a new VM", roles: techs, status: http.StatusAccepted}, s.restoreBackup)
	handle(s, route{method: http.MethodGet, path: "/backups/restored/{operation}", id: "show-restored", summary: "What a restore made", roles: everyone}, s.showRestored)
}

func (s *Server) showRestored(_ context.Context, in *struct {
	Operation string `path:"operation"`
}) (*answer[api.RestoredVM], error) {
	r, err := s.Backups.Restored(in.Operation)
	if err != nil {
		return nil, err
	}
	return body(api.RestoredVM{Operation: r.Operation, Server: r.Server, Box: r.Box, VMID: r.VMID, Name: r.Name, Point: r.Point}), nil
}

func (s *Server) listBackups(ctx context.Context, in *struct {
	Server string `query:"server"`
}) (*answer[api.BackupPoints], error) {
	points, away, err := s.Backups.Points(ctx, in.Server)
	if err != nil {
		return nil, err
	}
	out := api.BackupPoints{Points: make([]api.BackupPoint, len(points))}
	for i, p := range points {
		out.Points[i] = api.BackupPoint{Server: p.Server, Kind: string(p.Kind), Box: p.Box, Vault: p.Place.Vault, Namespace: p.Place.Namespace, VMID: p.Place.VMID,
			ID: p.ID, At: p.At, Size: p.Size, Protected: p.Protected, Encrypted: p.Encrypted, Verified: p.Verified}
	}
	for _, problem := range away {
		out.Away = append(out.Away, problem.Error())
	}
	return body(out), nil
}

func (s *Server) listBackupRuns(_ context.Context, in *struct {
	Server string `query:"server"`
}) (*answer[[]api.BackupRun], error) {
	if in.Server != "" {
		if _, err := s.Fleet.Server(in.Server); err != nil {
			return nil, err
		}
	}
	runs, err := s.Backups.Runs(in.Server)
	if err != nil {
		return nil, err
	}
	out := make([]api.BackupRun, len(runs))
	for i, r := range runs {
		out[i] = api.BackupRun{ID: r.ID, Server: r.Server, Kind: string(r.Kind), Box: r.Box, Operation: r.Operation, Started: r.Started, Ended: r.Ended, Tries: r.Tries,
			Point: r.Point, At: r.At, Size: r.Size, Read: r.Read, Sent: r.Sent, Bitmap: r.Bitmap, Seconds: int64(r.Took.Seconds()), UPID: r.UPID, Error: r.Error}
	}
	return body(out), nil
}

func (s *Server) backUp(ctx context.Context, in *struct{ Body api.NewBackup }) (*answer[operation.Operation], error) {
	note(ctx, "servers/"+in.Body.Server, in.Body.Kind+" backup")
	who := caller(ctx)
	op, err := s.Backups.Start(ctx, in.Body.Server, backup.Kind(in.Body.Kind), who.Name, who.From)
	if err != nil {
		return nil, err
	}
	return body(op), nil
}

func (s *Server) restoreBackup(ctx context.Context, in *struct{ Body api.NewRestore }) (*answer[operation.Operation], error) {
	note(ctx, "servers/"+in.Body.Server, "restore "+in.Body.Point)
	if !in.Body.AsNew {
		return nil, &operation.Refused{Why: "a restore over the server itself is not done by this version", Fix: "restore to a new VM with --as-new"}
	}
	who := caller(ctx)
	op, err := s.Backups.RestoreAsNew(ctx, in.Body.Server, in.Body.Point, who.Name, who.From)
	if err != nil {
		return nil, err
	}
	return body(op), nil
}
