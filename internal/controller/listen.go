package controller

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// listenSocket makes the unix socket with mode 0660 for the group. A socket that
// nobody answers on is left over from a controller that was killed, and replaced; the
// state's lock, taken before, keeps two controllers from fighting over it.
func listenSocket(path, group string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	if err := dropStale(path); err != nil {
		return nil, err
	}
	// Between bind and chmod nobody but us may connect.
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		if errors.Is(err, syscall.EINVAL) || len(path) > 107 {
			return nil, fmt.Errorf("socket %s: its path is longer than the 107 bytes that a unix socket allows: choose a shorter one (socket:)", path)
		}
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	if err := openTo(path, group); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func dropStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("socket %s: something that is no socket stands there: remove it or choose another path (socket:)", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		return errors.Join(fmt.Errorf("socket %s: another controller answers there: stop it or choose another path (socket:)", path), conn.Close())
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("socket %s is left over and cannot be removed: %w", path, err)
	}
	return nil
}

func openTo(path, group string) error {
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return fmt.Errorf("socket_group %s: there is no such group: make it (systemd-sysusers) or leave the key out", group)
		}
		gid, err := strconv.Atoi(g.Gid)
		if err != nil {
			return fmt.Errorf("socket_group %s: group id %s: %w", group, g.Gid, err)
		}
		if err := os.Chown(path, -1, gid); err != nil {
			return fmt.Errorf("socket_group %s: give it the socket: %w", group, err)
		}
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return fmt.Errorf("socket %s: %w", path, err)
	}
	return nil
}

// listenTLS opens the network listener.
func listenTLS(ctx context.Context, address string, cert tls.Certificate) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}), nil
}
