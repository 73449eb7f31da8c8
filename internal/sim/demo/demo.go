// Package demo is the main job as one story, told by the real programs against the
// sandbox: a bare box is enrolled, a server provisioned while the controller is
// killed and started again, seven weeks pass, two months are invoiced, and the books are kept.
//
// It owns the story and counts its outcome by asking the systems themselves; what
// should come out is written down and compared with what was counted. It knows
// the programs only as a technician does: by their command lines.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

// Options of a run.
type Options struct {
	Accolade, Accoladed string // paths of the two programs
	Dir                 string // where documents, logs and state go; made anew
	PVE                 string // version of the boxes: "8.4" or "9.2"; "" for 9.2
	Standards           string // folder of the official rules for electronic invoices
	Keep                bool   // leave controller and sandbox running
	Out                 io.Writer
}

// Figures are what a run came to. Each is counted from a system.
type Figures struct {
	Boxes, Servers, Kills, VMsOnBox               int
	Nights, LocalBackups, RemoteBackups, Invoices int
	TotalCents                                    int64
	CreditNotes                                   int
	FacturX                                       string // documents that the official rules take, of all; or unchecked
	FECBalanced                                   bool
	Seconds                                       int
}

// String is the line that ends the demo, without its first words.
func (f Figures) String() string {
	return fmt.Sprintf("boxes=%d servers=%d kills=%d vms_on_box=%d nights=%d local_backups=%d remote_backups=%d invoices=%d total_cents=%d credit_notes=%d facturx_valid=%s fec_balanced=%t seconds=%d",
		f.Boxes, f.Servers, f.Kills, f.VMsOnBox, f.Nights, f.LocalBackups, f.RemoteBackups, f.Invoices, f.TotalCents, f.CreditNotes, f.FacturX, f.FECBalanced, f.Seconds)
}

// want is what the story must come to; the seconds are the machine's own.
var want = Figures{
	Boxes: 1, Servers: 1, Kills: 1, VMsOnBox: 1,
	Nights: 48, LocalBackups: 48, RemoteBackups: 48, Invoices: 2, TotalCents: 91524,
	CreditNotes: 1, FacturX: "3/3", FECBalanced: true,
}

// Run tells the story. The figures are valid as far as the story came, also beside
// an error.
func Run(ctx context.Context, o Options) (fig Figures, err error) {
	began := time.Now()
	s := &story{opts: o, out: teller{w: o.Out}}
	defer func() {
		fig = s.figures
		fig.Seconds = int(time.Since(began).Seconds() + 0.5)
	}()
	if s.paris, err = time.LoadLocation("Europe/Paris"); err != nil {
		return fig, err
	}
	if err := s.prepare(); err != nil {
		return fig, err
	}
	defer func() { err = errors.Join(err, s.end(err)) }()
	for _, chapter := range s.chapters() {
		s.out.chapter(chapter.title)
		if err := chapter.tell(ctx); err != nil {
			return fig, fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	got, expected := s.figures, want
	if got.FacturX == unchecked {
		expected.FacturX = unchecked
	}
	if got != expected {
		return fig, fmt.Errorf("it should have come to: %s", expected)
	}
	return fig, nil
}

// story is a run under way.
type story struct {
	opts    Options
	out     teller
	figures Figures
	paris   *time.Location

	dir        string // absolute
	runtime    string // short path for the socket
	sandbox    *child
	info       sandbox.Info
	clock      *clock.Follower
	ctx        context.Context // carries the story's mark of work
	endWork    func()
	controller *child
	logs       *os.File

	environ []string                       // of the controller; nil: unset()
	seen    func(what string, text []byte) // is told what a technician sees; nil: nobody
}

type chapter struct {
	title string
	tell  func(context.Context) error
}

func (s *story) chapters() []chapter {
	return []chapter{
		{"A sandbox: one box with Proxmox VE, a vault, a relay", s.startSandbox},
		{"The controller starts", s.startController},
		{"Who is served, where, and for how much", s.writeContract},
		{"The box is enrolled", s.enrolBox},
		{"The server is provisioned, and the controller killed meanwhile", s.provisionServer},
		{"Seven weeks", s.sevenWeeks},
		{"The books", s.keepBooks},
		{"What came of it", s.countUp},
	}
}

func (s *story) prepare() error {
	dir, err := filepath.Abs(s.opts.Dir)
	if err != nil {
		return err
	}
	s.dir = dir
	if err := anew(dir); err != nil {
		return err
	}
	// A socket's path is at most 108 bytes long, a checkout's may be longer.
	if s.runtime, err = os.MkdirTemp("", "accolade-demo-"); err != nil {
		return err
	}
	s.logs, err = os.Create(filepath.Join(dir, "controller.log"))
	return err
}

// unset is our environment without settings of accolade: they name a controller that is
// at work.
func unset() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ACCOLADE_") })
}

// Replaceable refuses a folder that a demo may not take the place of: one that holds
// something else than an earlier demo belongs to somebody.
func Replaceable(dir string) error {
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	for _, own := range []string{"controller.log", "sandbox.log"} {
		if _, err := os.Stat(filepath.Join(dir, own)); err != nil {
			return fmt.Errorf("the folder %s holds something else than an earlier demo", dir)
		}
	}
	return nil
}

// anew makes an empty folder in the place of an earlier run's.
func anew(dir string) error {
	if err := Replaceable(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

// end stops what was started, unless it is to be kept running for the user.
func (s *story) end(failed error) error {
	var errs []error
	if s.opts.Keep && failed == nil {
		s.endWork()
		errs = append(errs, s.clock.Close(), s.logs.Close())
		s.tellHowToGoOn()
		return errors.Join(errs...)
	}
	if s.controller != nil {
		errs = append(errs, s.controller.stop())
	}
	if s.clock != nil {
		s.endWork()
		errs = append(errs, s.clock.Close())
	}
	if s.sandbox != nil {
		errs = append(errs, s.sandbox.stop())
	}
	errs = append(errs, s.logs.Close(), os.RemoveAll(s.runtime))
	return errors.Join(errs...)
}
