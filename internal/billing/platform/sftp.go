package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// SFTP is a folder of another machine. Its host key is pinned: no other is spoken to.
type SFTP struct {
	Address string // HOST:PORT
	User    string
	Folder  string
	KeyFile string // our private key, not readable by others
	HostKey string // as in known_hosts, without the name: `ssh-ed25519 AAAA…`
	// Dial connects to the machine; nil: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// patience bounds one connection, in real time.
const patience = 2 * time.Minute

// Open connects.
func (s SFTP) Open(ctx context.Context) (Files, error) {
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.HostKey))
	if err != nil {
		return nil, fmt.Errorf("platform.host_key: %w", err)
	}
	info, err := os.Stat(s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("platform.key_file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("platform.key_file: %s may be read by others: chmod 600 it", s.KeyFile)
	}
	text, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("platform.key_file: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("platform.key_file: %s is no private key for SSH without a passphrase", s.KeyFile)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dial := s.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	secured, channels, requests, err := ssh.NewClientConn(conn, s.Address, &ssh.ClientConfig{User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(pinned), HostKeyAlgorithms: algorithms(pinned)})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	remote := ssh.NewClient(secured, channels, requests)
	client, err := sftp.NewClient(remote)
	if err != nil {
		return nil, errors.Join(err, remote.Close())
	}
	return &remoteFolder{client, remote, s.Folder}, nil
}

// algorithms are those of a key's type: an RSA key signs in newer ways than its name says.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

// remoteFolder is a connection.
type remoteFolder struct {
	client *sftp.Client
	remote *ssh.Client
	folder string
}

// Put does nothing that harms when it comes late, from a controller that died: what it does
// to a file that a later one has written leaves that as it is.
func (r *remoteFolder) Put(name string, content []byte) error {
	f, err := r.client.OpenFile(path.Join(r.folder, name), os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return err
	}
	if _, err = f.Write(content); err == nil {
		err = f.Truncate(int64(len(content)))
	}
	if _, known := r.client.HasExtension("fsync@openssh.com"); known && err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Rename is one step where the server knows rename(2); else it is the protocol's own, which
// replaces nothing.
func (r *remoteFolder) Rename(from, to string) error {
	from, to = path.Join(r.folder, from), path.Join(r.folder, to)
	if _, known := r.client.HasExtension("posix-rename@openssh.com"); known {
		return r.client.PosixRename(from, to)
	}
	return r.client.Rename(from, to)
}

func (r *remoteFolder) Get(name string) ([]byte, error) {
	f, err := r.client.Open(path.Join(r.folder, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, mostBytes))
}

func (r *remoteFolder) Close() error { return errors.Join(r.client.Close(), r.remote.Close()) }
