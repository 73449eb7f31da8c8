package proxmox

import (
	"context"
	"fmt"

	"codeberg.org/accolade/accolade/internal/fleet"
)

// MaxAgentInput is the most that a command inside a guest can be given on its
// standard input, in bytes.
const MaxAgentInput = 64 << 10

// AgentPing is nil when the guest's agent answers, and fleet.ErrAgentDown while it does not.
func (c *Client) AgentPing(ctx context.Context, vmid int) error {
	return c.post(ctx, c.vm(vmid, "agent", "ping"), map[string]any{}, nil)
}

// AgentExec starts a command inside the guest and answers its process id there.
func (c *Client) AgentExec(ctx context.Context, vmid int, command []string, input []byte) (pid int, err error) {
	if len(input) > MaxAgentInput {
		return 0, fmt.Errorf("box %s: VM %d: %d bytes of input for %s, at most %d pass", c.box, vmid, len(input), command[0], MaxAgentInput)
	}
	params := map[string]any{"command": command}
	if len(input) > 0 {
		params["input-data"] = string(input)
	}
	var row struct {
		PID number `json:"pid"`
	}
	err = c.post(ctx, c.vm(vmid, "agent", "exec"), params, &row)
	return int(row.PID), err
}

// AgentStatus tells how a command started by AgentExec fares. The agent forgets
// it once it has told that it exited.
func (c *Client) AgentStatus(ctx context.Context, vmid, pid int) (fleet.Exec, error) {
	var row struct {
		Exited       flag   `json:"exited"`
		Code         number `json:"exitcode"`
		Signal       number `json:"signal"`
		Out          string `json:"out-data"`
		Err          string `json:"err-data"`
		OutTruncated flag   `json:"out-truncated"`
		ErrTruncated flag   `json:"err-truncated"`
	}
	err := c.get(ctx, c.vm(vmid, "agent", "exec-status"), map[string]any{"pid": pid}, &row)
	if row.Signal != 0 { // as a shell tells it
		row.Code = 128 + row.Signal
	}
	return fleet.Exec{Exited: bool(row.Exited), ExitCode: int(row.Code), Out: []byte(row.Out), Err: []byte(row.Err), Cut: bool(row.OutTruncated || row.ErrTruncated)}, err
}

// AgentAddresses lists the guest's IP addresses, those of the loopback left out.
func (c *Client) AgentAddresses(ctx context.Context, vmid int) ([]string, error) {
	var row struct {
		Result []struct {
			Name      string `json:"name"`
			Addresses []struct {
				Address string `json:"ip-address"`
			} `json:"ip-addresses"`
		} `json:"result"`
	}
	if err := c.get(ctx, c.vm(vmid, "agent", "network-get-interfaces"), nil, &row); err != nil {
		return nil, err
	}
	var out []string
	for _, i := range row.Result {
		if i.Name == "lo" {
			continue
		}
		for _, a := range i.Addresses {
			out = append(out, a.Address)
		}
	}
	return out, nil
}
