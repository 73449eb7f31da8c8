package yunohost_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/poll"
	"codeberg.org/accolade/accolade/internal/sim/guest"
	"codeberg.org/accolade/accolade/internal/yunohost"
)

// restored is the agent of a guest that is restored, once, between the start of a
// command and the first question how it fares. Somebody else's commands run in it then,
// of which one has the process ID of ours.
type restored struct {
	t     *testing.T
	clk   *clocktest.Clock
	guest *guest.Guest
	due   bool
}

func (r *restored) boot() {
	r.guest = guest.Boot(r.guest.Disk(), nil, r.guest.Hardware, r.clk.Now())
	r.guest.Agent = true
}

func (r *restored) AgentExec(_ context.Context, _ int, argv []string, input []byte) (int, error) {
	return r.guest.Exec(r.clk.Now(), argv, input)
}

func (r *restored) AgentWait(ctx context.Context, _, pid int, _ poll.Work) (fleet.Exec, error) {
	if r.due {
		r.due = false
		r.boot()
		for theirs := 0; theirs < pid; {
			var err error
			if theirs, err = r.guest.Exec(r.clk.Now(), []string{"/bin/sh", "-c", "echo '{\"of\":\"somebody else\"}'"}, nil); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	for {
		if err := r.clk.Sleep(ctx, time.Second); err != nil {
			return fleet.Exec{}, err
		}
		r.guest.Advance(r.clk.Now())
		st, err := r.guest.ExecStatus(pid)
		if err != nil || st.Exited {
			return fleet.Exec{Exited: st.Exited, ExitCode: st.ExitCode, Out: st.Out, Err: st.Err}, err
		}
	}
}

// The agent of a guest that was restored meanwhile answers for a command of somebody
// else: that is no result of ours. Tried again, ours runs, and gives its own.
func TestFaultAgentAnswersForAGuestRestoredMeanwhile(t *testing.T) {
	ours := []string{"/bin/sh", "-c", "echo '{\"of\":\"us\"}'"}
	for name, run := range map[string]func(context.Context, *yunohost.Guest) (string, error){
		"a command": func(ctx context.Context, g *yunohost.Guest) (string, error) {
			done, err := g.Exec(ctx, ours, nil)
			return fmt.Sprintf("%d %s", done.ExitCode, done.Out), err
		},
		"a command that must not run twice": func(ctx context.Context, g *yunohost.Guest) (string, error) {
			done, err := g.Once(ctx, "it", ours, nil, poll.Work{})
			return fmt.Sprintf("%d %s", done.ExitCode, done.Out), err
		},
		"a call": func(ctx context.Context, g *yunohost.Guest) (string, error) {
			got := g.Do(ctx, yunohost.Call{Name: "ask", Command: ours})
			return "0 " + string(got[0].Answer) + "\n", got[0].Err
		},
	} {
		t.Run(name, func(t *testing.T) {
			clk := clocktest.Auto(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))
			ctx, done := clk.Work(t.Context())
			defer done()
			disk := guest.NewDisk("debian-12-genericcloud-amd64-20250814-2204.qcow2")
			hw := guest.Hardware{Memory: 4 << 30, Cores: 2, DiskBytes: 32 << 30, AgentPort: true, Seed: 7}
			r := &restored{t: t, clk: clk, guest: guest.Boot(disk, nil, hw, clk.Now()), due: true}
			r.boot()
			g := &yunohost.Guest{Agent: r, VMID: 100, Clock: clk, Run: "000001"}
			if got, err := run(ctx, g); err == nil || !operation.IsTransient(err) {
				t.Errorf("took for its own: %q, %v; want an error that is tried again", got, err)
			}
			if r.due {
				t.Fatal("the guest was not restored")
			}
			if got, err := run(ctx, g); err != nil || got != "0 {\"of\":\"us\"}\n" {
				t.Errorf("tried again: %q, %v", got, err)
			}
		})
	}
}
