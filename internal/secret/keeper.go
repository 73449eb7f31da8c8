package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"filippo.io/age"

	"codeberg.org/accolade/accolade/internal/wholefile"
)

// Sealed is a Value encrypted with age; in JSON it is base64.
type Sealed []byte

// String says how long it is: ciphertext is no secret, but nobody wants to read it.
func (s Sealed) String() string { return fmt.Sprintf("sealed (%d bytes)", len(s)) }

// Keeper seals values and opens them again. It is safe for concurrent use.
type Keeper struct {
	identity *age.X25519Identity
	file     string
}

// OtherKeyError: what is to be opened was sealed with another key.
type OtherKeyError struct{ File string }

func (e *OtherKeyError) Error() string {
	return "it was sealed with another key than the one in " + e.File + ": bring back the key file that belongs to this store"
}

// OpenKeeper reads the age identity in the file path, and makes both at the first
// start. The file has mode 0600; one that others may read is refused. Whoever loses
// it loses every sealed value: it belongs into the cooperative's own backup.
func OpenKeeper(path string) (*Keeper, error) {
	return open(path, plain{})
}

// OpenKeeperWithPassphrase is OpenKeeper for a file that is itself encrypted with a
// passphrase (scrypt, about a second of work). A wrong passphrase is an error.
func OpenKeeperWithPassphrase(path string, passphrase Value) (*Keeper, error) {
	if passphrase.IsZero() {
		return nil, fmt.Errorf("secret: the passphrase of %s is empty", path)
	}
	return open(path, wrapped{passphrase, scryptWork})
}

// scryptWork is the exponent of scrypt's cost: 2^17 is about half a second.
const scryptWork = 17

// wrapping is how the identity lies in its file.
type wrapping interface {
	wrap(text []byte) ([]byte, error)
	unwrap(file []byte) ([]byte, error)
}

func open(path string, w wrapping) (*Keeper, error) {
	file, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return create(path, w)
	}
	if err != nil {
		return nil, fmt.Errorf("secret: read the key: %w", err)
	}
	if err := private(path); err != nil {
		return nil, err
	}
	text, err := w.unwrap(file)
	if err != nil {
		return nil, fmt.Errorf("secret: key file %s: %w", path, err)
	}
	identity, err := parseIdentity(text)
	if err != nil {
		return nil, fmt.Errorf("secret: key file %s: %w", path, err)
	}
	return keeper(identity, path), nil
}

// keeper is the only maker of one: the identity is a secret too.
func keeper(identity *age.X25519Identity, file string) *Keeper {
	observe(identity.String())
	return &Keeper{identity, file}
}

// private refuses a key file that others can read: by then it is too late to just
// tighten its mode.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("secret: others can read the key file %s (mode %04o): find out who did, then chmod 600 it", path, mode)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("secret: the key file %s belongs to uid %d, and this process runs as uid %d", path, st.Uid, os.Geteuid())
	}
	return nil
}

// create makes an identity and writes it so that no crash leaves half a file.
func create(path string, w wrapping) (*Keeper, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("secret: make a key: %w", err)
	}
	text := fmt.Sprintf("# Key of the Accolade store. Keep a copy in a safe place.\n# public key: %s\n%s\n", identity.Recipient(), identity)
	file, err := w.wrap([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("secret: make a key: %w", err)
	}
	if err := wholefile.New(wholefile.OS, path, func(w io.Writer) error { _, err := w.Write(file); return err }); err != nil {
		return nil, fmt.Errorf("secret: write the key: %w", err)
	}
	return keeper(identity, path), nil
}

func parseIdentity(text []byte) (*age.X25519Identity, error) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		identity, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, errors.New("it holds no age identity (AGE-SECRET-KEY-1…)") // err might quote the line
		}
		return identity, nil
	}
	return nil, errors.New("it is empty")
}

// Seal encrypts a value.
func (k *Keeper) Seal(v Value) (Sealed, error) {
	sealed, err := encrypt([]byte(v.Reveal()), k.identity.Recipient())
	if err != nil {
		return nil, fmt.Errorf("secret: seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts a value that this keeper, or one with the same key file, sealed; else it
// is an *OtherKeyError.
func (k *Keeper) Open(s Sealed) (Value, error) {
	text, err := decrypt(s, k.identity)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		err = &OtherKeyError{k.file}
	}
	if err != nil {
		return Value{}, fmt.Errorf("secret: open: %w", err)
	}
	return New(string(text)), nil
}

// plain leaves the file's protection to its mode.
type plain struct{}

func (plain) wrap(text []byte) ([]byte, error) { return text, nil }

func (plain) unwrap(file []byte) ([]byte, error) {
	if bytes.HasPrefix(file, []byte("age-encryption.org/")) {
		return nil, errors.New("it is protected by a passphrase, and none was given: set identity.passphrase_file")
	}
	return file, nil
}

// wrapped encrypts the file with a passphrase.
type wrapped struct {
	passphrase Value
	work       int
}

func (w wrapped) wrap(text []byte) ([]byte, error) {
	r, err := age.NewScryptRecipient(w.passphrase.Reveal())
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(w.work)
	return encrypt(text, r)
}

func (w wrapped) unwrap(file []byte) ([]byte, error) {
	if !bytes.HasPrefix(file, []byte("age-encryption.org/")) {
		return nil, errors.New("it is not protected by a passphrase: protect it with `age -p -o identity.new identity.age`, mode 0600, and put that in its place, or leave identity.passphrase_file out")
	}
	id, err := age.NewScryptIdentity(w.passphrase.Reveal())
	if err != nil {
		return nil, err
	}
	text, err := decrypt(file, id)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, errors.New("the passphrase is wrong")
	}
	return text, err
}

func encrypt(text []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func decrypt(sealed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
