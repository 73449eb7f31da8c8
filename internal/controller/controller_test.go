package controller_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/controller"
	"codeberg.org/accolade/accolade/internal/store"
)

// logBuffer is a log that a test may read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// settings is a configuration below a folder, changed by flags.
func settings(t *testing.T, dir string, flags map[string]string) config.Config {
	t.Helper()
	all := map[string]string{"state": filepath.Join(dir, "state"), "socket": filepath.Join(dir, "s"), "log.level": "debug"}
	for k, v := range flags {
		all[k] = v
	}
	conf, _, err := config.Load(config.Sources{File: emptyFile(t), Flags: all})
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func emptyFile(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "accoladed.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func start(t *testing.T, conf config.Config) (*controller.Controller, *logBuffer) {
	t.Helper()
	log := &logBuffer{}
	c, err := controller.Start(t.Context(), conf, controller.Options{Version: "v1", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v\n%s", err, log)
		}
	})
	return c, log
}

func client(t *testing.T, o api.Options) *api.Client {
	t.Helper()
	c, err := api.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// shortDir is a folder whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "acc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestStartStopStart(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	c, _ := start(t, conf)
	cl := client(t, api.Options{Socket: conf.Socket})
	if _, err := cl.AddToken(t.Context(), api.NewToken{Name: "anne", Role: "tech"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if _, err := cl.Version(t.Context()); !errors.As(err, new(*api.Unreachable)) {
		t.Errorf("after the stop: %v, wanted is Unreachable", err)
	}
	start(t, conf)
	list, err := cl.Tokens(t.Context())
	if err != nil || len(list) != 1 {
		t.Errorf("after the restart: %v, %v", list, err)
	}
}

// Two controllers on one state: the second is refused at once, and names the first one's
// process.
func TestTwoControllers(t *testing.T) {
	dir := shortDir(t)
	conf := settings(t, dir, nil)
	start(t, conf)
	other := settings(t, dir, map[string]string{"socket": filepath.Join(dir, "other")})
	began := time.Now()
	_, err := controller.Start(t.Context(), other, controller.Options{Log: &logBuffer{}})
	if !errors.As(err, new(*store.LockedError)) {
		t.Fatalf("got %v, wanted is a LockedError", err)
	}
	if took := time.Since(began); took > 10*time.Second { // half a second, and what a busy machine adds
		t.Errorf("it took %s", took)
	}
	if _, err := os.Stat(other.Socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the refused controller left a socket: %v", err)
	}
}

// Two controllers on one socket: the second does not steal it.
func TestSocketTaken(t *testing.T) {
	dir := shortDir(t)
	conf := settings(t, dir, nil)
	start(t, conf)
	other := settings(t, dir, map[string]string{"state": filepath.Join(dir, "state2")})
	if _, err := controller.Start(t.Context(), other, controller.Options{Log: &logBuffer{}}); err == nil || !strings.Contains(err.Error(), "another controller answers there") {
		t.Fatalf("got %v", err)
	}
	if _, err := client(t, api.Options{Socket: conf.Socket}).Version(t.Context()); err != nil {
		t.Errorf("the first one does not answer any more: %v", err)
	}
}

func TestStaleSocketAndForeignFile(t *testing.T) {
	dir := shortDir(t)
	conf := settings(t, dir, nil)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: conf.Socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	c, _ := start(t, conf)
	if info, err := os.Stat(conf.Socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket: %v, %v; wanted is mode 0660", info.Mode(), err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf.Socket, []byte("keep me"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := controller.Start(t.Context(), conf, controller.Options{Log: &logBuffer{}}); err == nil || !strings.Contains(err.Error(), "something that is no socket stands there") {
		t.Errorf("got %v", err)
	}
}

// Elsewhere: TLS with the controller's own certificate, pinned, and a token.
func TestTLS(t *testing.T) {
	dir := shortDir(t)
	conf := settings(t, dir, map[string]string{"listen": "127.0.0.1:0"})
	c, log := start(t, conf)
	local := client(t, api.Options{Socket: conf.Socket})
	fresh, err := local.AddToken(t.Context(), api.NewToken{Name: "anne", Role: "reader"})
	if err != nil {
		t.Fatal(err)
	}
	address, fingerprint := logged(t, log, "address="), logged(t, log, "fingerprint=")
	remote := client(t, api.Options{URL: "https://" + address, Token: fresh.Text, Fingerprint: fingerprint})
	v, err := remote.Version(t.Context())
	if err != nil || v.You != "anne" || v.Role != "reader" {
		t.Errorf("got %+v, %v", v, err)
	}
	if _, err := remote.Tokens(t.Context()); !isCode(err, api.CodeForbidden) {
		t.Errorf("a reader lists tokens: %v", err)
	}
	wrong := client(t, api.Options{URL: "https://" + address, Token: "accolade_x", Fingerprint: fingerprint})
	if _, err := wrong.Version(t.Context()); !isCode(err, api.CodeUnauthorised) {
		t.Errorf("wrong token: %v", err)
	}
	unpinned := client(t, api.Options{URL: "https://" + address, Token: fresh.Text})
	if _, err := unpinned.Version(t.Context()); err == nil {
		t.Error("a self-made certificate is accepted without its fingerprint")
	}
	other := client(t, api.Options{URL: "https://" + address, Token: fresh.Text, Fingerprint: strings.Repeat("AB:", 31) + "AB"})
	if _, err := other.Version(t.Context()); err == nil || !strings.Contains(err.Error(), "wanted is ABAB") {
		t.Errorf("wrong fingerprint: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, log = start(t, conf)
	if again := logged(t, log, "fingerprint="); again != fingerprint {
		t.Errorf("after a restart the certificate is %s, was %s", again, fingerprint)
	}
	if strings.Contains(log.String(), fresh.Text) {
		t.Error("the log holds a token")
	}
}

// logged is the value after key in the log, up to the next blank.
func logged(t *testing.T, log *logBuffer, key string) string {
	t.Helper()
	_, rest, ok := strings.Cut(log.String(), " "+key)
	if !ok {
		t.Fatalf("no %s in the log:\n%s", key, log)
	}
	return strings.Fields(rest)[0]
}

func isCode(err error, code string) bool {
	e, ok := errors.AsType[*api.Error](err)
	return ok && e.Code == code
}

// A store that a newer program has written is refused with a sentence.
func TestNewerStore(t *testing.T) {
	conf := settings(t, shortDir(t), nil)
	c, _ := start(t, conf)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(controller.StoreFile(conf.State), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx store.Tx) error { return tx.Put([]byte("m/version/token"), []byte("99")) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = controller.Start(t.Context(), conf, controller.Options{Log: &logBuffer{}})
	if !errors.As(err, new(*store.NewerError)) {
		t.Errorf("got %v, wanted is a NewerError", err)
	}
}

// Systemd is told when the controller is ready and when it stops.
func TestNotify(t *testing.T) {
	dir := shortDir(t)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "n"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "n"))
	c, _ := start(t, settings(t, dir, nil))
	if got := heard(t, socket); got != "READY=1" {
		t.Errorf("heard %q, wanted is READY=1", got)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := heard(t, socket); got != "STOPPING=1" {
		t.Errorf("heard %q, wanted is STOPPING=1", got)
	}
}

func heard(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	if err := socket.SetReadDeadline(time.Now().Add(time.Minute)); err != nil { // only a failure takes so long
		t.Fatal(err)
	}
	b := make([]byte, 256)
	n, err := socket.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// While it lives, the controller answers systemd's watchdog.
func TestWatchdog(t *testing.T) {
	dir := shortDir(t)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "n"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "n"))
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	start(t, settings(t, dir, nil))
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := heard(t, socket); got != want {
			t.Errorf("heard %q, wanted is %q", got, want)
		}
	}
}

// The socket belongs to the group that the configuration names.
func TestSocketGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file to any group")
	}
	group, err := user.LookupGroup("daemon")
	if err != nil {
		t.Skip("this machine has no group daemon")
	}
	conf := settings(t, shortDir(t), map[string]string{"socket_group": "daemon"})
	start(t, conf)
	info, err := os.Stat(conf.Socket)
	if err != nil {
		t.Fatal(err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || strconv.Itoa(int(st.Gid)) != group.Gid || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket has group %d and mode %v, wanted are %s and 0660", st.Gid, info.Mode().Perm(), group.Gid)
	}
}

// A sandbox that is not there is said so; no state stays locked.
func TestNoSandbox(t *testing.T) {
	dir := shortDir(t)
	conf := settings(t, dir, map[string]string{"sandbox": "http://127.0.0.1:1"})
	if _, err := controller.Start(context.Background(), conf, controller.Options{Log: &logBuffer{}}); err == nil || !strings.Contains(err.Error(), "sandbox: ") {
		t.Errorf("got %v", err)
	}
	start(t, settings(t, dir, nil))
}

// The state of another user is not touched.
func TestForeignState(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a folder to another user")
	}
	dir := shortDir(t)
	conf := settings(t, dir, nil)
	if err := os.Mkdir(conf.State, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(conf.State, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	_, err := controller.Start(t.Context(), conf, controller.Options{Log: &logBuffer{}})
	if err == nil || !strings.Contains(err.Error(), "65534") {
		t.Errorf("got %v, wanted is a refusal that names the owner", err)
	}
	if left, err := os.ReadDir(conf.State); err != nil || len(left) != 0 {
		t.Errorf("in the folder there is %v, %v", left, err)
	}
}
