package crashtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/operation/crashtest"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// hotel is a counterpart: it lets rooms, and preparing one is a task that takes time.
type hotel struct {
	clk *clocktest.Clock

	mu    sync.Mutex
	rooms map[string]string    // number -> note
	tasks map[string]time.Time // room -> when its preparation ends
}

func (h *hotel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	room := strings.TrimPrefix(r.URL.Path, "/")
	switch r.Method {
	case http.MethodPost: // like creating a VM: a second time is an error
		if _, taken := h.rooms[room]; taken {
			http.Error(w, "taken", http.StatusConflict)
			return
		}
		note, _ := io.ReadAll(r.Body)
		h.rooms[room] = string(note)
		h.tasks[room] = h.clk.Now().Add(90 * time.Second)
	case http.MethodDelete:
		delete(h.rooms, room)
	case http.MethodGet:
		note, taken := h.rooms[room]
		if !taken {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"note": note, "ready": !h.clk.Now().Before(h.tasks[room])})
	}
}

type roomState struct {
	Note  string `json:"note"`
	Ready bool   `json:"ready"`
}

type guest struct{ client *http.Client }

func (g guest) call(ctx context.Context, method, room, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://hotel.test/"+room, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, operation.Transient(err)
	}
	return resp, nil
}

func (g guest) look(ctx context.Context, room string) (s roomState, found bool, err error) {
	resp, err := g.call(ctx, http.MethodGet, room, "")
	if err != nil {
		return s, false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return s, false, nil
	}
	return s, true, json.NewDecoder(resp.Body).Decode(&s)
}

func (g guest) do(ctx context.Context, method, room, body string) error {
	resp, err := g.call(ctx, method, room, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s room %s: %s", method, room, resp.Status)
	}
	return nil
}

// booking is a workflow as they should be: reserve, look for the own mark, create,
// wait, tell. A careless one does not look.
func booking(g guest, careless, fails bool) operation.Workflow {
	return operation.Workflow{Kind: "book", Steps: []operation.Step{
		{
			Name: "reserve",
			Do: func(_ context.Context, r *operation.Run) error {
				return r.Update(func(tx store.Tx) error {
					var room uint64
					if found, err := r.GetTx(tx, "room", &room); err != nil || found {
						return err
					}
					room, err := store.Sequence(tx, "room")
					if err != nil {
						return err
					}
					return r.SetTx(tx, "room", room)
				})
			},
		},
		{
			Name: "take",
			Do: func(ctx context.Context, r *operation.Run) error {
				room, err := roomOf(r)
				if err != nil {
					return err
				}
				state, found, err := g.look(ctx, room)
				if err != nil {
					return err
				}
				if found && state.Note == r.ID() && !careless {
					return nil
				}
				return g.do(ctx, http.MethodPost, room, r.ID())
			},
			Undo: func(ctx context.Context, r *operation.Run) error {
				room, err := roomOf(r)
				if err != nil {
					return err
				}
				return g.do(ctx, http.MethodDelete, room, "")
			},
		},
		{
			Name: "wait",
			Do: func(ctx context.Context, r *operation.Run) error {
				room, err := roomOf(r)
				if err != nil {
					return err
				}
				for {
					state, _, err := g.look(ctx, room)
					if err != nil {
						return err
					}
					if state.Ready && fails {
						return operation.Permanent(errors.New("the room smells"), "take another one")
					}
					if state.Ready {
						return nil
					}
					if err := r.Clock().Sleep(ctx, 30*time.Second); err != nil {
						return err
					}
				}
			},
		},
	}}
}

func roomOf(r *operation.Run) (string, error) {
	var room uint64
	found, err := r.Get("room", &room)
	if err == nil && !found {
		err = errors.New("no room was reserved")
	}
	return fmt.Sprint(room), err
}

// handler is a network of one host, without sockets.
type handler struct{ http.Handler }

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func world(careless, fails bool) crashtest.Build {
	return func(_ testing.TB, clk *clocktest.Clock) crashtest.World {
		h := &hotel{clk: clk, rooms: map[string]string{}, tasks: map[string]time.Time{}}
		return crashtest.World{
			Controller: func(c *crashtest.Controller) error {
				c.Engine.Register(booking(guest{&http.Client{Transport: c.Wrap(handler{h})}}, careless, fails))
				return nil
			},
			Begin: func(c *crashtest.Controller) (operation.Operation, error) {
				return c.Engine.Start(c.Context, operation.Request{Kind: "book", Leases: []string{"hotel"}, By: "anne"})
			},
			State: func(_ context.Context, db store.DB) (any, error) {
				var next uint64
				err := db.Update(func(tx store.Tx) (err error) {
					next, err = store.Sequence(tx, "room")
					return err
				})
				return map[string]any{"rooms": slices.Sorted(maps.Keys(h.rooms)), "next": next}, err
			},
		}
	}
}

func TestAWorkflowThatSurvives(t *testing.T) {
	t.Setenv("ACCOLADE_CRASH", "all")
	report := crashtest.Run(t, world(false, false))
	if report.Requests < 5 || report.Commits < 5 || report.Singles != 2*(report.Requests+report.Commits) || report.Pairs != 100 || report.AllPairs < 200 {
		t.Errorf("report: %+v", report)
	}
}

func TestAWorkflowThatUndoes(t *testing.T) { crashtest.Run(t, world(false, true)) }

// TestACarelessWorkflowIsCaught: the harness must find the request whose answer was
// lost and which is then repeated.
func TestACarelessWorkflowIsCaught(t *testing.T) {
	problems := crashtest.Check(t, world(true, false))
	if len(problems) == 0 {
		t.Fatal("a workflow that creates twice passed")
	}
	for _, p := range problems {
		if !strings.Contains(p, "409 Conflict") {
			t.Errorf("an unexpected problem: %s", p)
		}
	}
}

// TestBegunTwiceIsCaught: a controller that begins the work anew in each of its lives.
func TestBegunTwiceIsCaught(t *testing.T) {
	problems := crashtest.Check(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		w := world(false, false)(t, clk)
		build := w.Controller
		w.Controller = func(c *crashtest.Controller) error {
			if err := build(c); err != nil {
				return err
			}
			_, err := w.Begin(c)
			return err
		}
		return w
	})
	if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, `"000002 book `) }) {
		t.Errorf("a second operation passed: %q", problems)
	}
}

// TestAFileLeftBehindIsCaught: files are events too, and a crash in the middle of
// one shows unless the next life sweeps.
func TestAFileLeftBehindIsCaught(t *testing.T) {
	for _, sweeps := range []bool{true, false} {
		problems := crashtest.Check(t, func(t testing.TB, _ *clocktest.Clock) crashtest.World {
			dir := t.TempDir()
			return crashtest.World{
				Controller: func(c *crashtest.Controller) error {
					if sweeps {
						return wholefile.Sweep(c.Disk(wholefile.OS), dir)
					}
					return nil
				},
				Work: func(c *crashtest.Controller) error {
					return wholefile.Write(c.Disk(wholefile.OS), filepath.Join(dir, "letter"), func(w io.Writer) error {
						_, err := io.WriteString(w, "Dear Anne")
						return err
					})
				},
				State: func(context.Context, store.DB) (any, error) {
					content, err := os.ReadFile(filepath.Join(dir, "letter"))
					if err != nil {
						return nil, err
					}
					files, err := os.ReadDir(dir)
					return []any{string(content), len(files)}, err
				},
			}
		})
		if (len(problems) == 0) != sweeps {
			t.Errorf("sweeps %t: problems %q", sweeps, problems)
		}
	}
}

// TestPreparingMayLetTimePass: what came before the workflow may have waited for time, as
// much of it as it wanted, whoever else waits for later; so may who looks at the end.
func TestPreparingMayLetTimePass(t *testing.T) {
	crashtest.Run(t, func(t testing.TB, clk *clocktest.Clock) crashtest.World {
		w := world(false, false)(t, clk)
		count := w.State
		later, forget := context.WithCancel(context.Background())
		var end time.Time
		w.Prepare = func(ctx context.Context, _ store.DB) error {
			marked, idle := clk.Work(later)
			go func() { defer idle(); _ = clk.Sleep(marked, 1000*time.Hour) }()
			err := clk.Sleep(ctx, time.Hour)
			if passed := clk.Now().Sub(crashtest.Start); passed != time.Hour {
				t.Errorf("%s have passed, want an hour", passed)
			}
			return err
		}
		w.State = func(ctx context.Context, db store.DB) (any, error) {
			end = clk.Now()
			if err := clk.Sleep(ctx, time.Minute); err != nil {
				return nil, err
			}
			if passed := clk.Now().Sub(end); passed != time.Minute {
				t.Errorf("%s have passed at the end, want a minute", passed)
			}
			return count(ctx, db)
		}
		w.Close = forget
		return w
	})
}

// TestTimeStandsWhileWorkRuns: what a controller does, it does at one instant, whoever
// else waits for a later one.
func TestTimeStandsWhileWorkRuns(t *testing.T) {
	problems := crashtest.Check(t, func(testing.TB, *clocktest.Clock) crashtest.World {
		return crashtest.World{
			Controller: func(*crashtest.Controller) error { return nil },
			Work: func(c *crashtest.Controller) error {
				marked, idle := c.Clock.Work(c.Context)
				woke := make(chan error, 1)
				go func() { defer idle(); woke <- c.Clock.Sleep(marked, time.Hour) }()
				select {
				case err := <-woke:
					return errors.Join(errors.New("an hour has passed meanwhile"), err)
				case <-time.After(50 * time.Millisecond): // of the machine: long enough to go to sleep, and to be woken
				}
				return errors.Join(c.Clock.Sleep(c.Context, 2*time.Hour), <-woke)
			},
			State: func(context.Context, store.DB) (any, error) { return nil, nil },
		}
	})
	if len(problems) > 0 {
		t.Error(problems)
	}
}
