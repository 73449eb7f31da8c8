package proxmox

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/rest"
)

// Version is the release that the box runs, for instance 9.2.4.
func (c *Client) Version(ctx context.Context) (string, error) {
	// Not the library's own call: it gives nil for an answer without data.
	var row struct {
		Version string `json:"version"`
	}
	err := c.get(ctx, "/version", nil, &row)
	return row.Version, err
}

// Nodes lists the members of the box's cluster.
func (c *Client) Nodes(ctx context.Context) ([]fleet.Node, error) {
	var rows []struct {
		Node   string `json:"node"`
		Status string `json:"status"`
		MaxCPU int64  `json:"maxcpu"`
		MaxMem int64  `json:"maxmem"`
		Mem    int64  `json:"mem"`
	}
	if err := c.get(ctx, "/nodes", nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Node
	for _, r := range rows {
		out = append(out, fleet.Node{Name: r.Node, Online: r.Status == "online", Cores: int(r.MaxCPU), Memory: r.MaxMem, MemoryFree: r.MaxMem - r.Mem})
	}
	return out, nil
}

// Time is what the box's clock shows, and its time zone.
func (c *Client) Time(ctx context.Context) (fleet.BoxClock, error) {
	var row struct {
		Time int64  `json:"time"`
		Zone string `json:"timezone"`
	}
	err := c.get(ctx, c.path("time"), nil, &row)
	return fleet.BoxClock{Now: time.Unix(row.Time, 0).UTC(), Zone: row.Zone}, err
}

// Status is what the box has and has left.
func (c *Client) Status(ctx context.Context) (fleet.Node, error) {
	var row struct {
		CPU struct {
			CPUs int64 `json:"cpus"`
		} `json:"cpuinfo"`
		Memory  struct{ Total, Used int64 } `json:"memory"`
		RootFS  struct{ Avail int64 }       `json:"rootfs"`
		Uptime  int64                       `json:"uptime"`
		Version string                      `json:"pveversion"` // pve-manager/9.2.4/5e5ae681198514d4
	}
	if err := c.get(ctx, c.path("status"), nil, &row); err != nil {
		return fleet.Node{}, err
	}
	_, version, _ := strings.Cut(row.Version, "/")
	version, _, _ = strings.Cut(version, "/")
	return fleet.Node{
		Name: c.node, Online: true, Version: version, Cores: int(row.CPU.CPUs),
		Memory: row.Memory.Total, MemoryFree: row.Memory.Total - row.Memory.Used,
		RootFree: row.RootFS.Avail, Uptime: time.Duration(row.Uptime) * time.Second,
	}, nil
}

// Disks lists the physical disks.
func (c *Client) Disks(ctx context.Context) ([]fleet.Disk, error) {
	var rows []struct {
		Path   string          `json:"devpath"`
		Serial string          `json:"serial"`
		Model  string          `json:"model"`
		Type   string          `json:"type"`
		Size   int64           `json:"size"`
		Used   string          `json:"used"`
		Health string          `json:"health"`
		Wear   json.RawMessage `json:"wearout"`
	}
	if err := c.get(ctx, c.path("disks", "list"), nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Disk
	for _, r := range rows {
		var left int64
		wear := -1 // "N/A" for disks that do not tell
		if len(r.Wear) > 0 && rest.Decode(r.Wear, &left) == nil {
			wear = int(left)
		}
		out = append(out, fleet.Disk{Path: r.Path, Serial: r.Serial, Model: strings.TrimSpace(r.Model), Type: r.Type,
			Size: r.Size, Used: r.Used, Health: r.Health, Wear: wear})
	}
	return out, nil
}

// Directories lists the file systems that the box mounts under /mnt/pve.
func (c *Client) Directories(ctx context.Context) ([]fleet.Directory, error) {
	var rows []struct{ Path, Device, Type string }
	if err := c.get(ctx, c.path("disks", "directory"), nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.Directory
	for _, r := range rows {
		out = append(out, fleet.Directory(r))
	}
	return out, nil
}

// CreateDirectory makes an ext4 file system on an unused disk and mounts it at
// /mnt/pve/NAME. It answers the task's UPID.
func (c *Client) CreateDirectory(ctx context.Context, device, name string) (upid string, err error) {
	err = c.post(ctx, c.path("disks", "directory"), map[string]any{"device": device, "name": name, "filesystem": "ext4", "add_storage": 0}, &upid)
	return upid, err
}

// WipeDisk destroys everything on a disk. Only root@pam's password login may.
func (c *Client) WipeDisk(ctx context.Context, device string) (upid string, err error) {
	err = c.put(ctx, c.path("disks", "wipedisk"), map[string]any{"disk": device}, &upid)
	return upid, err
}
