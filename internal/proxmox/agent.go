package proxmox

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/poll"
)

// maxAgentInput is the most that a command inside a guest can be given on its
// standard input, in bytes: 64 KiB pass, and what is not ASCII travels as base64.
const maxAgentInput = 48 << 10

// AgentPing is nil when the guest's agent answers, and fleet.ErrAgentDown while it does not.
func (c *Client) AgentPing(ctx context.Context, vmid int) error {
	return c.post(ctx, c.vm(vmid, "agent", "ping"), map[string]any{}, nil)
}

// AgentExec starts a command inside the guest and answers its process id there.
// Proxmox makes one byte of each character of the input and fails beyond Latin-1
// (qemu-server, Agent.pm: encode_base64), so input that is not ASCII is wrapped.
func (c *Client) AgentExec(ctx context.Context, vmid int, command []string, input []byte) (pid int, err error) {
	if len(input) > maxAgentInput {
		return 0, fmt.Errorf("box %s: VM %d: %d bytes of input for %s, at most %d pass", c.box, vmid, len(input), command[0], maxAgentInput)
	}
	params := map[string]any{"command": command}
	switch {
	case len(input) == 0:
	case ascii(input):
		params["input-data"] = string(input)
	default:
		params["command"] = append([]string{"/bin/sh", "-c", `base64 -d | "$@"`, "sh"}, command...)
		params["input-data"] = base64.StdEncoding.EncodeToString(input)
	}
	var row struct {
		PID int64 `json:"pid"`
	}
	err = c.post(ctx, c.vm(vmid, "agent", "exec"), params, &row)
	return int(row.PID), err
}

// AgentStatus tells how a command started by AgentExec fares. The agent forgets
// it once it has told that it exited.
func (c *Client) AgentStatus(ctx context.Context, vmid, pid int) (fleet.Exec, error) {
	var row struct {
		Exited       bool   `json:"exited"`
		Code         int64  `json:"exitcode"`
		Signal       int64  `json:"signal"`
		Out          string `json:"out-data"`
		Err          string `json:"err-data"`
		OutTruncated bool   `json:"out-truncated"`
		ErrTruncated bool   `json:"err-truncated"`
	}
	err := c.get(ctx, c.vm(vmid, "agent", "exec-status"), map[string]any{"pid": pid}, &row)
	if row.Signal != 0 { // as a shell tells it
		row.Code = 128 + row.Signal
	}
	return fleet.Exec{Exited: row.Exited, ExitCode: int(row.Code), Out: outputBytes(row.Out), Err: outputBytes(row.Err), Cut: row.OutTruncated || row.ErrTruncated}, err
}

// AgentWait waits for the end of a command started by AgentExec and tells it once.
func (c *Client) AgentWait(ctx context.Context, vmid, pid int, work poll.Work) (fleet.Exec, error) {
	watch := c.pace.Begin(c.clk, c.box, work)
	for {
		if err := watch.Wait(ctx); err != nil {
			return fleet.Exec{}, err
		}
		done, err := c.AgentStatus(ctx, vmid, pid)
		if err != nil {
			return fleet.Exec{}, err
		}
		if done.Exited {
			watch.Over()
			return done, nil
		}
	}
}

// AgentUp waits until the guest's agent answers. Between two questions it calls
// down with the reason why it does not; an error of that ends the wait.
func (c *Client) AgentUp(ctx context.Context, vmid int, work poll.Work, down func(error) error) error {
	watch := c.pace.Begin(c.clk, c.box, work)
	for {
		if err := watch.Wait(ctx); err != nil {
			return err
		}
		err := c.AgentPing(ctx, vmid)
		if err == nil {
			watch.Over()
			return nil
		}
		if !errors.Is(err, fleet.ErrAgentDown) {
			return err
		}
		if err := down(err); err != nil {
			return err
		}
	}
}

func ascii(text []byte) bool {
	return !slices.ContainsFunc(text, func(c byte) bool { return c > 0x7f })
}

// outputBytes is what a command wrote: Proxmox answers each byte as a character of
// its own.
func outputBytes(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return []byte(text) // not from Proxmox's own decoding
		}
		out = append(out, byte(r))
	}
	return out
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
