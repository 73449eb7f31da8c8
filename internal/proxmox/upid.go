package proxmox

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UPID names a task of a box: UPID:node:pid:pstart:starttime:type:id:user: with
// pid, pstart and starttime in hex. A task that a token started ends
// :root@pam!tokenid:.
type UPID struct {
	Node    string
	PID     int
	PStart  uint64
	Started time.Time
	Type    string // qmcreate, vzdump, imgcopy, …
	ID      string // usually the VMID; may be empty
	User    string // USER@REALM or USER@REALM!TOKEN
}

// parseUPID reads one.
func parseUPID(text string) (UPID, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 9 || parts[0] != "UPID" || parts[8] != "" {
		return UPID{}, fmt.Errorf("%q is no UPID", text)
	}
	pid, err1 := strconv.ParseUint(parts[2], 16, 31)
	pstart, err2 := strconv.ParseUint(parts[3], 16, 64)
	start, err3 := strconv.ParseUint(parts[4], 16, 33)
	if err1 != nil || err2 != nil || err3 != nil || parts[1] == "" || parts[5] == "" || parts[7] == "" {
		return UPID{}, fmt.Errorf("%q is no UPID", text)
	}
	return UPID{Node: parts[1], PID: int(pid), PStart: pstart, Started: time.Unix(int64(start), 0).UTC(), Type: parts[5], ID: parts[6], User: parts[7]}, nil
}

// String writes it as a box does.
func (u UPID) String() string {
	return fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%s:%s:%s:", u.Node, u.PID, u.PStart, u.Started.Unix(), u.Type, u.ID, u.User)
}
