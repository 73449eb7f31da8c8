package crashtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/store"
)

// shelf is a counterpart that keeps things by name; putting one twice is an error, as
// is taking away what is not there.
type shelf struct {
	mu     sync.Mutex
	things map[string]bool
	busy   map[string]int // name -> how often putting it answers 503 first
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	there := s.things[name]
	switch {
	case r.Method == http.MethodGet:
		fmt.Fprint(w, there)
	case s.busy[name] > 0:
		s.busy[name]--
		http.Error(w, "busy", http.StatusServiceUnavailable)
	case there == (r.Method == http.MethodPut):
		http.Error(w, "conflict", http.StatusConflict)
	default:
		s.things[name] = !there
		if there {
			delete(s.things, name)
		}
	}
}

// shopper speaks with the shelf as an adapter should: it looks before it acts.
type shopper struct{ client *http.Client }

func (c shopper) call(ctx context.Context, method, name string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://shelf.test/"+name, nil)
	if err != nil {
		return "", err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return "", operation.Transient(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return "", operation.Transient(err)
	case resp.StatusCode == http.StatusServiceUnavailable:
		return "", operation.Transient(errors.New("busy"))
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%s %s: %s", method, name, resp.Status)
	}
	return string(body), nil
}

func (c shopper) make(ctx context.Context, name string, want bool) error {
	there, err := c.call(ctx, http.MethodGet, name)
	if err != nil || there == fmt.Sprint(want) {
		return err
	}
	method := http.MethodPut
	if !want {
		method = http.MethodDelete
	}
	_, err = c.call(ctx, method, name)
	return err
}

// shopping draws a workflow: each step puts up to three things on the shelf, some
// wait in between, some save a checkpoint, one may fail for good.
func shopping(rnd *rand.Rand, c shopper) operation.Workflow {
	w := operation.Workflow{Kind: "shop"}
	steps := 2 + rnd.IntN(3)
	fails := rnd.IntN(2 * steps) // beyond the last step: none
	for i := range steps {
		things := 1 + rnd.IntN(3)
		waits, saves, keeps := rnd.IntN(3) == 0, rnd.IntN(2) == 0, rnd.IntN(4) == 0
		name := func(j int) string { return fmt.Sprintf("thing-%d-%d", i, j) }
		step := operation.Step{Name: fmt.Sprintf("step %d", i)}
		step.Do = func(ctx context.Context, r *operation.Run) error {
			for j := range things {
				if err := c.make(ctx, name(j), true); err != nil {
					return err
				}
				if saves {
					if err := r.Set(name(j), j); err != nil {
						return err
					}
				}
				if waits {
					if err := r.Clock().Sleep(ctx, time.Minute); err != nil {
						return err
					}
				}
			}
			if i == fails {
				return operation.Permanent(errors.New("the shop is closed"), "come back tomorrow")
			}
			return nil
		}
		if keeps {
			step.CannotUndo = "sold"
		} else {
			step.Undo = func(ctx context.Context, _ *operation.Run) error {
				for j := range things {
					if err := c.make(ctx, name(j), false); err != nil {
						return err
					}
				}
				return nil
			}
		}
		w.Steps = append(w.Steps, step)
	}
	return w
}

// TestRandomWorkflows: whatever the steps are, a crash leaves no trace.
func TestRandomWorkflows(t *testing.T) {
	done, failed := 0, 0
	for seed := range uint64(10) {
		problems := crashtest.Check(t, func(_ testing.TB, _ *clocktest.Clock) crashtest.World {
			rnd := rand.New(rand.NewPCG(seed, 0))
			s := &shelf{things: map[string]bool{}, busy: map[string]int{"thing-1-0": rnd.IntN(3)}}
			return crashtest.World{
				Controller: func(c *crashtest.Controller) error {
					rnd := rand.New(rand.NewPCG(seed, 1)) // the same workflow in each life
					c.Engine.Register(shopping(rnd, shopper{&http.Client{Transport: c.Wrap(handler{s})}}))
					return nil
				},
				Begin: func(c *crashtest.Controller) (operation.Operation, error) {
					return c.Engine.Start(c.Context, operation.Request{Kind: "shop", Leases: []string{"shop"}})
				},
				State: func(_ context.Context, db store.DB) (any, error) {
					e := operation.New(db, clocktest.Auto(crashtest.Start), operation.Options{})
					all, err := e.List(operation.Filter{})
					if err != nil {
						return nil, err
					}
					held, err := e.Leases()
					var steps []string
					for _, st := range all[0].Steps {
						steps = append(steps, st.Name+" "+string(st.State))
					}
					if all[0].State == operation.Done {
						done++
					} else {
						failed++
					}
					return []any{len(all), steps, all[0].CannotUndo, len(held), slices.Sorted(maps.Keys(s.things))}, err
				},
			}
		})
		for _, p := range problems {
			t.Errorf("seed %d: %s", seed, p)
		}
	}
	if done == 0 || failed == 0 {
		t.Errorf("%d runs ended well and %d did not: want both", done, failed)
	}
}
