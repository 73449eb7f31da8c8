package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// LockedError: another process has the store open.
type LockedError struct {
	Path string
	PID  int // 0 if it could not be found out
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
		if name := processName(e.PID); name != "" {
			who += " (" + name + ")"
		}
	}
	return fmt.Sprintf("store %s is in use by %s: only one controller may run on it; stop that one first", e.Path, who)
}

// lockNote is the file PATH.pid that names the process which has the store open.
// The lock itself is bbolt's, on the store file; the note only serves the message.
type lockNote struct{ path string }

func noteLock(path string) *lockNote {
	note := &lockNote{path + ".pid"}
	if err := os.WriteFile(note.path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil // a store that cannot leave a note works all the same
	}
	return note
}

func (n *lockNote) remove() {
	if n != nil {
		_ = os.Remove(n.path) // a stale note is only read while somebody holds the lock
	}
}

// lockToRead takes bbolt's lock in its shared form, until the file is closed.
func lockToRead(f *os.File, path string) error {
	for deadline := time.Now().Add(lockWait); ; time.Sleep(20 * time.Millisecond) { //nolint:forbidigo // another process's lock knows no simulated time
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("store %s: %w", path, err)
		case time.Now().After(deadline): //nolint:forbidigo // as above
			return &LockedError{Path: path, PID: lockHolder(path)}
		}
	}
}

// lockHolder finds the process that holds the lock on path: the kernel's own table
// first, then the note. The kernel shows 0 or nothing for a process in another
// PID namespace.
func lockHolder(path string) int {
	if pid := kernelHolder(path); pid > 0 {
		return pid
	}
	b, err := os.ReadFile(path + ".pid")
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

// kernelHolder reads /proc/locks, lines like
// "1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF" with device (hex) and inode.
func kernelHolder(path string) int {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	f, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || fields[1] != "FLOCK" {
			continue
		}
		if !strings.HasSuffix(fields[5], ":"+strconv.FormatUint(st.Ino, 10)) {
			continue
		}
		if pid, err := strconv.Atoi(fields[4]); err == nil && pid > 0 {
			return pid
		}
	}
	return 0
}

func processName(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return fmt.Sprintf("user %s (uid %d)", u.Username, uid)
	}
	return fmt.Sprintf("uid %d", uid)
}
