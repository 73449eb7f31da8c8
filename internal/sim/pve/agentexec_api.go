package pve

import (
	"encoding/base64"
	"errors"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/guest"
)

// narrow gives the bytes that Perl's base64 makes of a text: one for each character,
// which is why text beyond Latin-1 is refused and accents do not arrive as UTF-8.
func narrow(text, file string) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return nil, failf("Wide character in subroutine entry at /usr/share/perl5/%s.", file)
		}
		out = append(out, byte(r))
	}
	return out, nil
}

// widen is the way back: each byte becomes a character.
func widen(data []byte) string {
	var out strings.Builder
	for _, c := range data {
		out.WriteRune(rune(c))
	}
	return out.String()
}

func agentExec(c *call) (any, error) {
	argv := c.p.List("command")
	if len(argv) == 0 {
		return nil, failf("command or input-data (or both) required")
	}
	var stdin []byte
	if c.p.Has("input-data") {
		var err error
		if stdin, err = narrow(c.p.Str("input-data"), "PVE/QemuServer/Agent.pm line 143"); err != nil {
			return nil, err
		}
	}
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	pid, err := g.Exec(c.now, argv, stdin)
	if err != nil {
		return nil, agentError(err)
	}
	return map[string]any{"pid": pid}, nil
}

// agentError is how an error of the agent reaches the caller.
func agentError(err error) error {
	if errors.Is(err, guest.ErrAgentDown) {
		return failf("QEMU guest agent is not running")
	}
	text := err.Error()
	if strings.HasPrefix(text, "Guest agent command failed") || strings.HasPrefix(text, "Agent error") {
		return failf("%s", text)
	}
	return failf("Agent error: %s", text)
}

func agentExecStatus(c *call) (any, error) {
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	s, err := g.ExecStatus(int(c.p.Int("pid")))
	if err != nil {
		return nil, agentError(err)
	}
	out := map[string]any{"exited": bit(s.Exited)}
	if !s.Exited {
		return out, nil
	}
	out["exitcode"] = s.ExitCode
	if s.Signal != 0 {
		delete(out, "exitcode")
		out["signal"] = s.Signal
	}
	if len(s.Out) > 0 {
		out["out-data"] = widen(s.Out)
	}
	if len(s.Err) > 0 {
		out["err-data"] = widen(s.Err)
	}
	if s.OutCut {
		out["out-truncated"] = 1
	}
	if s.ErrCut {
		out["err-truncated"] = 1
	}
	return out, nil
}

// maxAgentRead is how much of a file one call reads.
const maxAgentRead = 16 << 20

func agentFileRead(c *call) (any, error) {
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	data, err := g.ReadFile(c.p.Str("file"))
	if err != nil {
		return nil, agentError(err)
	}
	data = data[min(int64(len(data)), c.p.Int("offset")):]
	limit := min(maxAgentRead, c.p.IntOr("count", maxAgentRead))
	out := map[string]any{}
	if int64(len(data)) > limit {
		data = data[:limit]
		out["truncated"] = 1
	}
	out["bytes-read"] = len(data)
	if c.p.BoolOr("decode", true) {
		out["content"] = widen(data)
	} else {
		out["content"] = base64.StdEncoding.EncodeToString(data)
	}
	return out, nil
}

func agentFileWrite(c *call) (any, error) {
	text := c.p.Str("content")
	var data []byte
	var err error
	if c.p.BoolOr("encode", true) {
		if data, err = narrow(text, "PVE/API2/Qemu/Agent.pm line 564"); err != nil {
			return nil, err
		}
	}
	g, err := c.agent()
	if err != nil {
		return nil, err
	}
	if !c.p.BoolOr("encode", true) {
		if data, err = base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err != nil {
			return nil, failf("Agent error: Invalid parameter 'buf-b64'")
		}
	}
	if err := g.WriteFile(c.now, c.p.Str("file"), data); err != nil {
		return nil, agentError(err)
	}
	return nil, nil
}
