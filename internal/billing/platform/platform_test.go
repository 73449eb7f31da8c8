package platform_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/facturx"
	"codeberg.org/accolade/accolade/internal/billing/platform"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	sim "codeberg.org/accolade/accolade/internal/sim/platform"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

var anne = contract.Actor{Who: "unix:anne", From: "socket"}

// ledger holds invoices in memory.
type ledger map[string]billing.Invoice

func (l ledger) Invoice(number string) (billing.Invoice, string, error) {
	inv, ok := l[number]
	if !ok {
		return inv, "", &store.NotFoundError{Kind: "invoice", ID: number}
	}
	return inv, "", nil
}

func (l ledger) Paper(number string) ([]byte, error) { return facturx.Render(l[number]) }

func (ledger) Today() calendar.Date { return calendar.NewDate(2026, 10, 1) }

// books have F2026-0001, -0002 and -0003, the last one of a client without SIREN.
func books() ledger {
	l := ledger{}
	for i, siren := range []string{"404833048", "552100554", ""} {
		number := "F2026-000" + string(rune('1'+i))
		month := calendar.Month{Year: 2026, Month: time.September}
		l[number] = billing.Total(billing.Invoice{Number: number, Month: month, Date: month.Last(), Due: month.Last().AddDays(30), Contract: "kerlann-1", Offer: "classic",
			Client: billing.Buyer{ID: "kerlann", Name: "Kerlann", Kind: contract.Business, SIREN: siren, Mail: "a@b.fr", Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}},
			Seller: billing.Seller{Name: "Accolade", LegalForm: "SCIC", Capital: "1 €", Address: []string{"12 quai", "56100 Lorient"}, SIREN: "732 829 320", RCS: "Lorient",
				VATRegime: billing.Normal, VATNumber: "FR44732829320", IBAN: "FR76 3000 6000 0112 3456 7890 189", LateRate: "12 %"},
			Lines: []billing.Line{{Part: billing.Subscription, Title: "Abonnement", Detail: "Septembre", For: month, From: month.First(), To: month.Last(), Quantity: 3, Unit: billing.Employee,
				Price: money.PriceOf(money.Cents(3900).Rat()), Per: 1, Net: 11700, Category: billing.Standard, Rate: 2000}}})
	}
	return l
}

func service(db store.DB, clk *clocktest.Clock, open func(context.Context) (platform.Files, error)) *platform.Service {
	return &platform.Service{DB: db, Clock: clk, Ledger: books(), Open: open, Log: slog.New(slog.DiscardHandler)}
}

func approved(dir string) *sim.Platform {
	return sim.New(sim.Config{Folder: dir, Sellers: []string{"732829320"}, Directory: []string{"404833048"}, Extract: facturx.Extract, Now: func() time.Time { return time.Date(2026, 9, 30, 23, 0, 0, 0, time.UTC) }})
}

func refuses(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error is %v, want one with %q", err, w)
		}
	}
}

// TestLife deposits, reads what the platform answers, and notes what people say.
func TestLife(t *testing.T) {
	dir, clk := t.TempDir(), clocktest.Auto(crashtest.Start)
	s, there := service(store.Memory(), clk, platform.In(dir)), approved(dir)
	deposit := func(number string, want platform.State) platform.Submission {
		t.Helper()
		d, err := s.Deposit(t.Context(), anne, number)
		if err != nil || d.State != want {
			t.Fatalf("%s is %s (%v), want %s", number, d.State, err, want)
		}
		return d
	}
	if d := deposit("F2026-0001", platform.Deposited); d.File != "732829320_F2026-0001.pdf" {
		t.Errorf("its file is %s", d.File)
	}
	deposit("F2026-0001", platform.Deposited) // while it lies there
	deposit("F2026-0002", platform.Deposited)
	_, err := s.Deposit(t.Context(), anne, "F2026-0003")
	refuses(t, err, "has no SIREN", "accolade invoice send F2026-0003")
	_, err = s.Deposit(t.Context(), anne, "F2026-0009")
	refuses(t, err, "F2026-0009")
	if err := errors.Join(there.Collect(), s.Refresh(t.Context())); err != nil {
		t.Fatal(err)
	}
	deposit("F2026-0001", platform.Deposited) // and after it was taken
	d, err := s.Of("F2026-0002")
	if err != nil || d.State != platform.Rejected || !strings.Contains(d.History[2].Why, `"552100554" of the buyer is not in the directory`) {
		t.Fatalf("of a buyer that is not in the directory: %+v (%v)", d, err)
	}
	there.Directory = append(there.Directory, "552100554")
	deposit("F2026-0002", platform.Deposited) // anew
	if err := errors.Join(there.Collect(), there.Answer("732829320_F2026-0002", "paid", ""), there.Answer("732829320_F2026-0002", "refused", "too late"),
		s.Refresh(t.Context()), s.Refresh(t.Context())); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Of("F2026-0002"); err != nil || d.State != platform.Paid {
		t.Errorf("paid, then refused, is %s (%v): nothing follows paid", d.State, err)
	}
	if want := []string{"732829320_F2026-0001.pdf", "732829320_F2026-0002.pdf", "732829320_F2026-0002.pdf"}; !slices.Equal(there.Taken, want) {
		t.Errorf("the platform took %v, want %v", there.Taken, want)
	}
	day := calendar.NewDate(2026, 10, 1)
	for _, bad := range []struct {
		number string
		answer platform.Answer
		want   string
	}{
		{"F2026-0001", platform.Answer{State: "lost"}, "state lost is refused"},
		{"F2026-0001", platform.Answer{State: platform.Refused}, "reason is missing"},
		{"F2026-0001", platform.Answer{State: platform.Paid, On: day.AddDays(1)}, "has not come"},
		{"F2026-0001", platform.Answer{State: platform.Paid, On: day.AddDays(-40)}, "give a later day"},
		{"F2026-0002", platform.Answer{State: platform.Approved}, "is paid at the platform, and cannot become approved"},
		{"F2026-0003", platform.Answer{State: platform.Paid}, "was not deposited"},
	} {
		_, err := s.Note(anne, bad.number, bad.answer)
		refuses(t, err, bad.want)
	}
	for _, state := range []platform.State{platform.Approved, platform.Paid} {
		if d, err = s.Note(anne, "F2026-0001", platform.Answer{State: state}); err != nil || d.State != state {
			t.Errorf("noted as %s, it is %s (%v)", state, d.State, err)
		}
	}
}

// TestEveryStep tries each state after each.
func TestEveryStep(t *testing.T) {
	may := map[string]bool{"deposited rejected": true, "deposited refused": true, "deposited approved": true, "deposited paid": true, "approved paid": true}
	for _, from := range []platform.State{platform.Deposited, platform.Rejected, platform.Refused, platform.Approved, platform.Paid} {
		for _, to := range platform.Answers {
			dir := t.TempDir()
			s := service(store.Memory(), clocktest.Auto(crashtest.Start), platform.In(dir))
			if _, err := s.Deposit(t.Context(), anne, "F2026-0001"); err != nil {
				t.Fatal(err)
			}
			if from != platform.Deposited {
				if _, err := s.Note(anne, "F2026-0001", platform.Answer{State: from, Why: "x"}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.Note(anne, "F2026-0001", platform.Answer{State: to, Why: "x"})
			if want := may[string(from)+" "+string(to)]; want != (err == nil) {
				t.Errorf("%s after %s: %v, want allowed: %t", to, from, err, want)
			}
		}
	}
}

// TestRejections gives the platform what it must not take.
func TestRejections(t *testing.T) {
	pdf, err := books().Paper("F2026-0001")
	if err != nil {
		t.Fatal(err)
	}
	odd := books()["F2026-0001"]
	odd.Lines[0].Rate, odd.Net, odd.Tax, odd.Groups = 2100, 0, 0, nil
	foreign, err := facturx.Render(billing.Total(odd))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	there := approved(dir)
	for _, tc := range []struct {
		name string
		pdf  []byte
		want string
	}{
		{"732829320_F2026-0001", foreign, "the invoice breaks BR-FR-16_BT-119: 21 % is no rate of French VAT"},
		{"732829320_F2026-0001", pdf, `"state":"deposited"`},
		{"732829320_F2026-0001", pdf, "was deposited before"},
		{"732829320_F2026-0007", pdf, "the invoice says number F2026-0001"},
		{"404833048_F2026-0001", pdf, "the invoice says seller 732829320"},
		{"732829320_F2026-0008", []byte("%PDF-1.7 nothing"), "carries no invoice"},
		{"732829320_F2026-0008", pdf[:len(pdf)/4], "carries no invoice"},
		{"facture", pdf, "the name is not SIREN_NUMBER.pdf"},
	} {
		if err := os.WriteFile(filepath.Join(dir, tc.name+".pdf"), tc.pdf, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := there.Collect(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, tc.name+".status")); err != nil || !strings.Contains(string(got), tc.want) {
			t.Errorf("%s: it says %s (%v), want %q", tc.name, got, err, tc.want)
		}
	}
}

// TestCrashDeposit cuts the controller off at each commit and each thing done to a file; the
// platform empties the folder at every restart. It gets each document once.
func TestCrashDeposit(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		dir := t.TempDir()
		there := approved(dir)
		papers := books()
		var s *platform.Service
		return crashtest.World{
			Controller: func(c *crashtest.Controller) error {
				s = &platform.Service{DB: c.DB, Clock: c.Clock, Ledger: drawn{papers}, Log: slog.New(slog.DiscardHandler), Open: func(context.Context) (platform.Files, error) {
					return platform.Folder{Path: dir, Disk: c.Disk(wholefile.OS)}, nil
				}}
				return there.Collect()
			},
			Work: func(c *crashtest.Controller) error {
				_, err := s.Deposit(c.Context, anne, "F2026-0001")
				return err
			},
			State: func(_ context.Context, db store.DB) (any, error) {
				if err := there.Collect(); err != nil {
					return nil, err
				}
				d, err := service(db, clk, nil).Of("F2026-0001")
				return []any{there.Taken, d.State}, err
			},
		}
	})
}

// drawn draws no paper: the crash test needs hundreds.
type drawn struct{ ledger }

func (drawn) Paper(number string) ([]byte, error) { return []byte(number), nil }

// TestCrashDepositSFTP does the same over SFTP, at each commit and each thing that is said
// to the other machine.
func TestCrashDepositSFTP(t *testing.T) {
	remote, _ := machine(t)
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		dir := t.TempDir()
		there := approved(dir)
		papers := books()
		var s *platform.Service
		return crashtest.World{
			Controller: func(c *crashtest.Controller) error {
				life := remote
				life.Folder, life.Dial = dir, c.Dial((&net.Dialer{}).DialContext)
				s = &platform.Service{DB: c.DB, Clock: c.Clock, Ledger: drawn{papers}, Log: slog.New(slog.DiscardHandler), Open: life.Open}
				return there.Collect()
			},
			Work: func(c *crashtest.Controller) error {
				_, err := s.Deposit(c.Context, anne, "F2026-0001")
				return err
			},
			State: func(_ context.Context, db store.DB) (any, error) {
				if err := there.Collect(); err != nil {
					return nil, err
				}
				d, err := service(db, clk, nil).Of("F2026-0001")
				files, ferr := os.ReadDir(dir)
				return []any{there.Taken, d.State, len(files)}, errors.Join(err, ferr)
			},
		}
	})
}

// TestRenamedMeanwhile: the rename of a controller that died comes late, right before that
// of the next one.
func TestRenamedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	s := service(store.Memory(), clocktest.Auto(crashtest.Start), func(context.Context) (platform.Files, error) {
		return twice{platform.Folder{Path: dir, Disk: wholefile.OS}}, nil
	})
	if d, err := s.Deposit(t.Context(), anne, "F2026-0001"); err != nil || d.State != platform.Deposited {
		t.Errorf("it is %s, %v", d.State, err)
	}
}

// twice is a place at which each rename comes twice.
type twice struct{ platform.Files }

func (p twice) Rename(from, to string) error {
	if err := p.Files.Rename(from, to); err != nil {
		return err
	}
	return p.Files.Rename(from, to)
}

// machine is another machine that lets us in; ours is the key that we have for it.
func machine(t *testing.T) (remote platform.SFTP, ours ssh.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if ours, err = ssh.NewPublicKey(public); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	address, host := serve(t, ours)
	return platform.SFTP{Address: address, User: "accolade", KeyFile: key, HostKey: string(ssh.MarshalAuthorizedKey(host))}, ours
}

// TestSFTP deposits on another machine whose host key is pinned.
func TestSFTP(t *testing.T) {
	dir := t.TempDir()
	remote, ours := machine(t)
	remote.Folder = dir
	s := service(store.Memory(), clocktest.Auto(crashtest.Start), remote.Open)
	for range 2 {
		if d, err := s.Deposit(t.Context(), anne, "F2026-0001"); err != nil || d.State != platform.Deposited {
			t.Fatalf("over SFTP: %s, %v", d.State, err)
		}
	}
	there := approved(dir)
	if err := errors.Join(there.Collect(), there.Answer("732829320_F2026-0001", "approved", ""), s.Refresh(t.Context())); err != nil {
		t.Fatal(err)
	}
	if d, err := s.Of("F2026-0001"); err != nil || d.State != platform.Approved || len(there.Taken) != 1 {
		t.Errorf("it is %s, the platform took %v (%v)", d.State, there.Taken, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "732829320_F2026-0002.pdf"), []byte("of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Deposit(t.Context(), anne, "F2026-0002")
	refuses(t, err, "holds a file 732829320_F2026-0002.pdf already")
	for want, spoil := range map[string]func(*platform.SFTP){
		"host key mismatch":      func(r *platform.SFTP) { r.HostKey = string(ssh.MarshalAuthorizedKey(ours)) },
		"platform.host_key":      func(r *platform.SFTP) { r.HostKey = "nonsense" },
		"platform.key_file":      func(r *platform.SFTP) { r.KeyFile += "x" },
		"unable to authenticate": func(r *platform.SFTP) { r.User = "mallory" },
		"connection refused":     func(r *platform.SFTP) { r.Address = "127.0.0.1:1" },
	} {
		other := remote
		spoil(&other)
		_, err := other.Open(t.Context())
		refuses(t, err, want)
	}
	if err := os.Chmod(remote.KeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = remote.Open(t.Context())
	refuses(t, err, "may be read by others")
}

// serve is an SFTP server of this process that lets accolade in with a key.
func serve(t *testing.T, client ssh.PublicKey) (address string, host ssh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	conf := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "accolade" || string(k.Marshal()) != string(client.Marshal()) {
			return nil, errors.New("who are you?")
		}
		return &ssh.Permissions{}, nil
	}}
	conf.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go session(&lasting{Conn: conn}, conf)
		}
	}()
	return listener.Addr().String(), signer.PublicKey()
}

// lasting is a connection that stays until what was asked over it has been done: ssh closes
// it as soon as the other side hangs up.
type lasting struct {
	net.Conn
	work sync.Mutex
}

func (l *lasting) Close() error {
	l.work.Lock()
	defer l.work.Unlock()
	return l.Conn.Close()
}

func session(conn *lasting, conf *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, conf)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		server, err := sftp.NewServer(channel)
		if err != nil {
			return
		}
		conn.work.Lock()
		err = server.Serve()
		conn.work.Unlock()
		if err != nil && !errors.Is(err, io.EOF) {
			return
		}
		_ = channel.Close()
	}
}
