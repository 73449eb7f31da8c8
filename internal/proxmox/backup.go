package proxmox

import (
	"context"
	"sort"
	"strconv"
	"strings"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// Vzdump starts a backup of one VM as a snapshot and answers the task's UPID.
// Without VM.Backup it still does: the task fails then. It sets neither a
// bandwidth limit nor a retention, which need rights that our token lacks.
func (c *Client) Vzdump(ctx context.Context, d fleet.Dump) (upid string, err error) {
	params := map[string]any{"vmid": strconv.Itoa(d.VMID), "storage": d.Storage, "mode": "snapshot", "compress": "zstd", "remove": 0}
	if d.Notes != "" {
		params["notes-template"] = d.Notes
	}
	if d.Fleecing != "" {
		params["fleecing"] = "enabled=1,storage=" + d.Fleecing
	}
	err = c.post(ctx, c.path("vzdump"), params, &upid)
	return upid, err
}

// Jobs lists the backup jobs that live on the box.
func (c *Client) Jobs(ctx context.Context) ([]fleet.Job, error) {
	var rows []struct {
		ID           string `json:"id"`
		Enabled      *bool  `json:"enabled"`
		Schedule     string `json:"schedule"`
		Storage      string `json:"storage"`
		Pool         string `json:"pool"`
		Mode         string `json:"mode"`
		Compress     string `json:"compress"`
		Prune        string `json:"prune-backups"`
		RepeatMissed bool   `json:"repeat-missed"`
		Notes        string `json:"notes-template"`
	}
	if err := c.get(ctx, "/cluster/backup", nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Job
	for _, r := range rows {
		out = append(out, fleet.Job{ID: r.ID, Enabled: r.Enabled == nil || *r.Enabled, Schedule: r.Schedule, Storage: r.Storage, Pool: r.Pool,
			Mode: r.Mode, Compress: r.Compress, Prune: canonical(r.Prune), RepeatMissed: r.RepeatMissed, Notes: r.Notes})
	}
	return out, nil
}

// CreateJob makes a backup job.
func (c *Client) CreateJob(ctx context.Context, j fleet.Job) error {
	params := jobParams(j)
	params["id"] = j.ID
	return c.post(ctx, "/cluster/backup", params, nil)
}

// UpdateJob writes a backup job anew.
func (c *Client) UpdateJob(ctx context.Context, j fleet.Job) error {
	return c.put(ctx, join("cluster", "backup", j.ID), jobParams(j), nil)
}

// DeleteJob removes a backup job; its backups stay.
func (c *Client) DeleteJob(ctx context.Context, id string) error {
	return c.delete(ctx, join("cluster", "backup", id), nil, nil)
}

func jobParams(j fleet.Job) map[string]any {
	return map[string]any{
		"enabled": bit(j.Enabled), "schedule": j.Schedule, "storage": j.Storage, "pool": j.Pool, "mode": j.Mode,
		"compress": j.Compress, "prune-backups": j.Prune, "repeat-missed": bit(j.RepeatMissed), "notes-template": j.Notes,
	}
}

var keepOrder = []string{"keep-all", "keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly"}

// canonical writes a prune-backups property string in the order that
// fleet.Retention uses, so that two of the same meaning are equal.
func canonical(prune string) string {
	rank := func(part string) int {
		name, _, _ := strings.Cut(part, "=")
		for i, k := range keepOrder {
			if k == name {
				return i
			}
		}
		return len(keepOrder)
	}
	parts := strings.FieldsFunc(prune, func(r rune) bool { return r == ',' })
	sort.SliceStable(parts, func(i, j int) bool { return rank(parts[i]) < rank(parts[j]) })
	return strings.Join(parts, ",")
}

func joinComma(parts []string) string { return strings.Join(parts, ",") }
