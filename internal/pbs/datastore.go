package pbs

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// Version is the release that the vault runs.
func (c *Client) Version(ctx context.Context) (string, error) {
	var row struct {
		Version string `json:"version"`
	}
	err := c.call(ctx, http.MethodGet, "/version", nil, &row)
	return row.Version, err
}

// Status is how full the datastore is, in bytes.
type Status struct {
	Total int64 `json:"total"`
	Used  int64 `json:"used"`
	Avail int64 `json:"avail"`
}

// Status reads it.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var row Status
	err := c.call(ctx, http.MethodGet, c.store("status"), nil, &row)
	return row, err
}

// Free is what the datastore has left, in bytes.
func (c *Client) Free(ctx context.Context) (int64, error) {
	s, err := c.Status(ctx)
	return s.Avail, err
}

func (c *Client) store(parts ...string) string {
	return join(append([]string{"admin", "datastore", c.cfg.Datastore}, parts...)...)
}

// Namespaces lists the namespaces of the datastore, the root ("") too.
func (c *Client) Namespaces(ctx context.Context) ([]string, error) {
	var rows []struct {
		NS string `json:"ns"`
	}
	if err := c.call(ctx, http.MethodGet, c.store("namespace"), nil, &rows); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.NS)
	}
	return out, nil
}

// HasNamespace tells whether a namespace is there.
func (c *Client) HasNamespace(ctx context.Context, name string) (bool, error) {
	all, err := c.Namespaces(ctx)
	return slices.Contains(all, name), err
}

// CreateNamespace makes a namespace right under the root.
func (c *Client) CreateNamespace(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, c.store("namespace"), map[string]any{"name": name}, nil)
}

// DeleteNamespace removes a namespace that holds no backup; one that does is
// refused by the vault.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, c.store("namespace"), map[string]any{"ns": name}, nil)
}

// Snapshot is one backup that the vault lists.
type Snapshot struct {
	Type      string // vm, ct, host
	ID        string // VMID
	Time      time.Time
	Size      int64 // bytes as the guest sees them
	Owner     string
	Comment   string
	KeyPrint  string // fingerprint of the encryption key; empty: in clear
	Protected bool
	Verified  string // ok, failed; empty: never verified
}

// Snapshots lists the backups of a namespace.
func (c *Client) Snapshots(ctx context.Context, namespace string) ([]Snapshot, error) {
	params := map[string]any{}
	if namespace != "" {
		params["ns"] = namespace
	}
	var rows []struct {
		Type         string `json:"backup-type"`
		ID           string `json:"backup-id"`
		Time         int64  `json:"backup-time"`
		Size         int64  `json:"size"`
		Owner        string `json:"owner"`
		Comment      string `json:"comment"`
		Fingerprint  string `json:"fingerprint"`
		Protected    bool   `json:"protected"`
		Verification struct {
			State string `json:"state"`
		} `json:"verification"`
	}
	if err := c.call(ctx, http.MethodGet, c.store("snapshots"), params, &rows); err != nil {
		return nil, err
	}
	var out []Snapshot
	for _, r := range rows {
		out = append(out, Snapshot{Type: r.Type, ID: r.ID, Time: time.Unix(r.Time, 0).UTC(), Size: r.Size, Owner: r.Owner, Comment: r.Comment,
			KeyPrint: r.Fingerprint, Protected: r.Protected, Verified: r.Verification.State})
	}
	return out, nil
}

// Empty tells whether a namespace holds no backup.
func (c *Client) Empty(ctx context.Context, namespace string) (bool, error) {
	all, err := c.Snapshots(ctx, namespace)
	return len(all) == 0, err
}

// Verify starts a check of everything in a namespace and answers the task's UPID.
func (c *Client) Verify(ctx context.Context, namespace string) (upid string, err error) {
	params := map[string]any{}
	if namespace != "" {
		params["ns"] = namespace
	}
	err = c.call(ctx, http.MethodPost, c.store("verify"), params, &upid)
	return upid, err
}

// Task is how a task of the vault does.
type Task struct {
	Running bool
	Exit    string // OK, WARNINGS: n, or the error's text; empty while it runs
}

// Task reads it.
func (c *Client) Task(ctx context.Context, upid string) (Task, error) {
	var row struct {
		Status string `json:"status"`
		Exit   string `json:"exitstatus"`
	}
	err := c.call(ctx, http.MethodGet, join("nodes", "localhost", "tasks", upid, "status"), nil, &row)
	return Task{Running: row.Status == "running", Exit: row.Exit}, err
}
