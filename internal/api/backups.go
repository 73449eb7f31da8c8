package api

import (
	"context"
	"net/url"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// BackupPoint is one restorable backup that a storage lists.
type BackupPoint struct {
	Server    string    `json:"server,omitempty" doc:"empty: of a VM that is no server of ours"`
	Kind      string    `json:"kind" enum:"local,remote"`
	Box       string    `json:"box"`
	Vault     string    `json:"vault,omitempty"`
	Namespace string    `json:"namespace,omitempty"`
	VMID      int       `json:"vmid"`
	ID        string    `json:"id" doc:"volume id on that box"`
	At        time.Time `json:"at"`
	Size      int64     `json:"size" doc:"bytes"`
	Protected bool      `json:"protected,omitempty"`
	Encrypted bool      `json:"encrypted"`
	Verified  string    `json:"verified,omitempty" doc:"ok or failed; empty: not yet"`
}

// BackupPoints is a list of points, and who could not be asked.
type BackupPoints struct {
	Points []BackupPoint `json:"points"`
	Away   []string      `json:"away,omitempty" doc:"boxes and vaults that did not answer"`
}

// BackupRun is one backup that the controller made or tried to make.
type BackupRun struct {
	ID        string    `json:"id"`
	Server    string    `json:"server"`
	Kind      string    `json:"kind" enum:"local,remote"`
	Box       string    `json:"box"`
	Operation string    `json:"operation"`
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended,omitzero"`
	Tries     int       `json:"tries"`
	Point     string    `json:"point,omitempty" doc:"volume id that the storage lists; empty: the run does not count"`
	At        time.Time `json:"at,omitzero" doc:"of the point"`
	Size      int64     `json:"size,omitempty" doc:"bytes"`
	Read      int64     `json:"read,omitempty" doc:"bytes read from the disk"`
	Sent      int64     `json:"sent,omitempty" doc:"bytes transferred"`
	Bitmap    string    `json:"bitmap,omitempty" doc:"state of the dirty bitmap before it"`
	Seconds   int64     `json:"seconds,omitempty" doc:"that the backup took"`
	UPID      string    `json:"upid,omitempty" doc:"the task on the box"`
	Error     string    `json:"error,omitempty" doc:"of the last try"`
}

// NewBackup asks for a backup now.
type NewBackup struct {
	Server string `json:"server" minLength:"1"`
	Kind   string `json:"kind" enum:"local,remote"`
}

// NewRestore asks for a restore to a new VM.
type NewRestore struct {
	Server string `json:"server" minLength:"1"`
	Point  string `json:"point,omitempty" doc:"volume id; empty: the newest point"`
	AsNew  bool   `json:"as_new" doc:"must be true: over the server itself is not done yet"`
}

// BackupPoints lists the points of a server; of all when the name is empty.
func (c *Client) BackupPoints(ctx context.Context, server string) (BackupPoints, error) {
	var out BackupPoints
	return out, c.Get(ctx, "/backups"+ofServer(server), &out)
}

// BackupRuns lists the runs of a server; of all when the name is empty.
func (c *Client) BackupRuns(ctx context.Context, server string) ([]BackupRun, error) {
	var out []BackupRun
	return out, c.Get(ctx, "/backups/runs"+ofServer(server), &out)
}

// BackUp starts a backup now.
func (c *Client) BackUp(ctx context.Context, b NewBackup) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, "/backups", b, &out)
}

// Restore starts a restore.
func (c *Client) Restore(ctx context.Context, r NewRestore) (operation.Operation, error) {
	var out operation.Operation
	return out, c.Post(ctx, "/backups/restore", r, &out)
}

// RestoredVM is what a restore made.
type RestoredVM struct {
	Operation string `json:"operation"`
	Server    string `json:"server" doc:"whose content it is"`
	Box       string `json:"box"`
	VMID      int    `json:"vmid"`
	Name      string `json:"name"`
	Point     string `json:"point"`
}

// Restored tells what a restore made.
func (c *Client) Restored(ctx context.Context, operation string) (RestoredVM, error) {
	var out RestoredVM
	return out, c.Get(ctx, path("backups", "restored", operation), &out)
}

func ofServer(name string) string {
	if name == "" {
		return ""
	}
	return "?server=" + url.QueryEscape(name)
}
