package operation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// The controller's clock is set back by an hour while a step waits for its next attempt,
// or while no controller runs: the attempts go on at their rhythm, and end at the step's
// deadline, as if nothing had been; the step is done once.
func TestFaultClockThatJumpsBackAnHour(t *testing.T) {
	for name, restart := range map[string]bool{"while it waits": false, "while no controller runs": true} {
		for _, away := range []bool{false, true} {
			for _, mends := range []bool{false, true} {
				t.Run(name+map[bool]string{true: ", the box away"}[away]+map[bool]string{true: ", mended"}[mends], func(t *testing.T) {
					l := newLab(t, operation.Options{Patience: 20 * time.Minute})
					s := l.step("a")
					s.Deadline = 20 * time.Minute
					var tried []time.Time // by the clock of the world
					s.Do = func(context.Context, *operation.Run) error {
						tried = append(tried, l.clk.Now())
						switch {
						case mends && len(tried) == 9:
							return nil
						case away:
							return operation.Away(errors.New("no route to host"))
						}
						return operation.Transient(errors.New("busy"))
					}
					w := flow("k", s)
					l.Register(w)
					id := l.begin(operation.Request{Kind: "k"}).ID
					if err := l.clk.Sleep(l.ctx, 3*time.Minute); err != nil {
						t.Fatal(err)
					}
					if restart {
						l.stop()
					}
					l.own.Set(-time.Hour)
					if restart {
						l.open(operation.Options{Patience: 20 * time.Minute}, w)
					}
					if mends {
						l.end(id, operation.Done)
						if len(tried) != 9 {
							t.Errorf("done after %d attempts, want 9", len(tried))
						}
					} else {
						l.end(id, operation.Failed)
						if took := tried[len(tried)-1].Sub(tried[0]); took < 15*time.Minute || took > 25*time.Minute {
							t.Errorf("the attempts went on for %s, want about 20m", took)
						}
					}
					for i := range tried[1:] {
						if gap := tried[i+1].Sub(tried[i]); gap <= 0 || gap > 6*time.Minute {
							t.Errorf("attempt %d came %s after the one before", i+2, gap)
						}
					}
				})
			}
		}
	}
}
