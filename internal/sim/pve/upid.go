package pve

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// upid names a task: node, process, its start in ticks since boot, its start on the
// box's clock, type, object and who started it.
type upid struct {
	Node   string
	PID    int64
	PStart int64 // hundredths of a second since the host's boot
	Start  int64 // Unix seconds, by the box's clock
	Type   string
	ID     string
	User   string // root@pam or root@pam!token
}

func (u upid) String() string {
	return fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%s:%s:%s:", u.Node, u.PID, u.PStart, u.Start, u.Type, u.ID, u.User)
}

var upidPattern = regexp.MustCompile(`^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([^:\s]+):([^:\s]*):([^:\s]+):$`)

// parseUPID reads a task's name.
func parseUPID(text string) (upid, bool) {
	m := upidPattern.FindStringSubmatch(text)
	if m == nil {
		return upid{}, false
	}
	u := upid{Node: m[1], Type: m[5], ID: m[6], User: m[7]}
	for _, f := range []struct {
		hex string
		to  *int64
	}{{m[2], &u.PID}, {m[3], &u.PStart}, {m[4], &u.Start}} {
		n, err := strconv.ParseInt(f.hex, 16, 64)
		if err != nil {
			return upid{}, false
		}
		*f.to = n
	}
	return u, true
}

// TaskStart reads the start out of a task's name, by the box's clock; zero for a
// text that is none.
func TaskStart(name string) time.Time {
	u, ok := parseUPID(name)
	if !ok {
		return time.Time{}
	}
	return time.Unix(u.Start, 0).UTC()
}
