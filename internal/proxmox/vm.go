package proxmox

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
)

func (c *Client) vm(vmid int, parts ...string) string {
	return c.path(append([]string{"qemu", strconv.Itoa(vmid)}, parts...)...)
}

// NextID is a VMID that is free at this instant; nothing reserves it.
func (c *Client) NextID(ctx context.Context) (int, error) {
	var id int64
	err := c.get(ctx, "/cluster/nextid", nil, &id)
	return int(id), err
}

// FreeVMID says whether no VM has that number, those that we may not see included.
func (c *Client) FreeVMID(ctx context.Context, vmid int) (bool, error) {
	var id int64
	err := c.get(ctx, "/cluster/nextid", map[string]any{"vmid": vmid}, &id)
	if refusal, ok := errors.AsType[*paramError](err); ok && strings.Contains(refusal.Params["vmid"], "already exists") {
		return false, nil
	}
	return err == nil, err
}

// VMs lists the VMs that we may see, templates too, without their configuration.
func (c *Client) VMs(ctx context.Context) ([]fleet.VM, error) {
	var rows []vmRow
	if err := c.get(ctx, c.path("qemu"), nil, &rows); err != nil {
		return nil, err
	}
	var out []fleet.VM
	for _, r := range rows {
		out = append(out, r.vm())
	}
	return out, nil
}

// VM reads one VM with its power state and its configuration.
func (c *Client) VM(ctx context.Context, vmid int) (fleet.VM, error) {
	var row vmRow
	if err := c.get(ctx, c.vm(vmid, "status", "current"), nil, &row); err != nil {
		return fleet.VM{}, err
	}
	config, err := c.VMConfig(ctx, vmid)
	if err != nil {
		return fleet.VM{}, err
	}
	vm := row.vm()
	vm.VMID, vm.Config = vmid, config
	return vm, nil
}

// vmRow is what the list of VMs and the state of one have in common.
type vmRow struct {
	VMID     int64  `json:"vmid"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Template bool   `json:"template"`
	Lock     string `json:"lock"`
	Uptime   int64  `json:"uptime"`
	MaxMem   int64  `json:"maxmem"`
}

func (r vmRow) vm() fleet.VM {
	return fleet.VM{VMID: int(r.VMID), Name: r.Name, Running: r.Status == "running", Template: r.Template, Lock: r.Lock,
		Memory: r.MaxMem, Uptime: time.Duration(r.Uptime) * time.Second}
}

// VMConfig is a VM's configuration, every value as text.
func (c *Client) VMConfig(ctx context.Context, vmid int) (config map[string]string, err error) {
	err = c.get(ctx, c.vm(vmid, "config"), nil, &config)
	return config, err
}

// CreateVM makes a VM, or restores one when params has "archive". The VMID is
// taken before the UPID comes back; a lost answer may have worked.
func (c *Client) CreateVM(ctx context.Context, vmid int, params map[string]any) (upid string, err error) {
	body := map[string]any{"vmid": vmid}
	for k, v := range params {
		if b, ok := v.(bool); ok {
			v = bit(b)
		}
		body[k] = v
	}
	err = c.post(ctx, c.path("qemu"), body, &upid)
	return upid, err
}

// SetVMConfig changes keys of a VM's configuration and deletes others, at once.
func (c *Client) SetVMConfig(ctx context.Context, vmid int, set map[string]any, remove ...string) error {
	body := map[string]any{}
	for k, v := range set {
		if b, ok := v.(bool); ok {
			v = bit(b)
		}
		body[k] = v
	}
	if len(remove) > 0 {
		body["delete"] = joinComma(remove)
	}
	return c.put(ctx, c.vm(vmid, "config"), body, nil)
}

// ResizeDisk grows a disk to size, for instance 64G. It answers a UPID.
func (c *Client) ResizeDisk(ctx context.Context, vmid int, disk, size string) (upid string, err error) {
	var task *string
	if err := c.put(ctx, c.vm(vmid, "resize"), map[string]any{"disk": disk, "size": size}, &task); err != nil || task == nil {
		return "", err
	}
	return *task, nil
}

// StartVM answers the task's UPID.
func (c *Client) StartVM(ctx context.Context, vmid int) (string, error) {
	return c.power(ctx, vmid, "start")
}

// StopVM pulls the plug.
func (c *Client) StopVM(ctx context.Context, vmid int) (string, error) {
	return c.power(ctx, vmid, "stop")
}

// ShutdownVM asks the guest to stop.
func (c *Client) ShutdownVM(ctx context.Context, vmid int) (string, error) {
	return c.power(ctx, vmid, "shutdown")
}

func (c *Client) power(ctx context.Context, vmid int, what string) (upid string, err error) {
	err = c.post(ctx, c.vm(vmid, "status", what), map[string]any{}, &upid)
	return upid, err
}

// DestroyVM removes a stopped VM with its disks and its place in jobs. A VM with
// protection on is refused by the box.
func (c *Client) DestroyVM(ctx context.Context, vmid int) (upid string, err error) {
	err = c.delete(ctx, c.vm(vmid), map[string]any{"purge": 1, "destroy-unreferenced-disks": 1}, &upid)
	return upid, err
}
