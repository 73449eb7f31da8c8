package billing_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock/clocktest"
	"codeberg.org/accolade/accolade/internal/store"
)

// The numbering is tried by processes of their own: the test binary is started again
// with these variables.
const (
	numberingStore = "ACCOLADE_NUMBERING_STORE"
	numberingKill  = "ACCOLADE_NUMBERING_KILL" // "before-3", "after-3", or empty
)

// numberedMonths are finalised: July 2026 to March 2027, over the end of a year.
const numberedMonths = 9

// finalisers is how many goroutines finalise at once.
const finalisers = 100

var numberedFrom = calendar.Month{Year: 2026, Month: time.July}

func numbering(db store.DB) *billing.Service {
	clk := clocktest.Auto(time.Date(2027, 4, 2, 9, 0, 0, 0, time.UTC))
	return billing.New(billing.Options{DB: db, Clock: clk, Zone: calendar.Paris(), Seller: seller()})
}

// killer ends the process like a power cut does, right before or after a commit.
type killer struct {
	at    string
	count int
}

func (k *killer) BeforeCommit() error {
	k.count++
	k.strike("before")
	return nil
}

func (k *killer) AfterCommit() { k.strike("after") }

func (k *killer) strike(when string) {
	if k.at == fmt.Sprintf("%s-%d", when, k.count) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}

// TestNumberingProcess is the process: a hundred goroutines finalise every month, each
// beginning with another one, and each number that one of them was told is printed.
func TestNumberingProcess(t *testing.T) {
	path := os.Getenv(numberingStore)
	if path == "" {
		t.Skip("it is started by TestCrashNumbering")
	}
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	seen := db
	if at := os.Getenv(numberingKill); at != "" {
		seen = store.Observe(db, &killer{at: at})
	}
	bills := numbering(seen)
	var print sync.Mutex
	var all sync.WaitGroup
	for g := range finalisers {
		all.Go(func() {
			for i := 0; i < 3*numberedMonths; i++ {
				done, err := bills.Finalise(anne, numberedFrom.Add((g+i)%numberedMonths))
				if err != nil {
					continue // its turn has not come
				}
				print.Lock()
				fmt.Println("TOLD", strings.Join(done.Invoices, " "))
				print.Unlock()
			}
		})
	}
	all.Wait()
}

// TestCrashNumbering kills a process in which a hundred goroutines finalise at once,
// right before and after each commit; the next process goes on. Afterwards every
// contract has one invoice a month, and the numbers have no gap and no double.
func TestCrashNumbering(t *testing.T) {
	prepared := filepath.Join(t.TempDir(), "prepared.db")
	db, err := store.Open(prepared, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(prepare(db, clocktest.Auto(time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC))), db.Close()); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(prepared)
	if err != nil {
		t.Fatal(err)
	}
	kills := []string{"before-1", "after-1", "before-5", "after-6", "after-9"}
	if os.Getenv("ACCOLADE_CRASH") == "all" || os.Getenv("ACCOLADE_SOAK") != "" {
		kills = nil
		for n := range numberedMonths {
			kills = append(kills, fmt.Sprintf("before-%d", n+1), fmt.Sprintf("after-%d", n+1))
		}
	}
	for _, kill := range kills {
		t.Run(kill, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "accolade.db")
			if err := errors.Join(os.Chmod(filepath.Dir(path), 0o700), os.WriteFile(path, image, 0o600)); err != nil {
				t.Fatal(err)
			}
			told := map[string]bool{}
			if !finaliseAll(t, path, kill, told) {
				t.Fatal("the process was not killed")
			}
			if finaliseAll(t, path, "", told) {
				t.Fatal("the second process was killed")
			}
			checkNumbers(t, path, told)
		})
	}
}

// finaliseAll runs a process on the store and tells whether it was killed.
func finaliseAll(t *testing.T, path, kill string, told map[string]bool) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestNumberingProcess$")
	cmd.Env = append(os.Environ(), numberingStore+"="+path, numberingKill+"="+kill)
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		if numbers, ok := strings.CutPrefix(line, "TOLD"); ok {
			for _, n := range strings.Fields(numbers) {
				told[n] = true
			}
		}
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	if ok && exit.ExitCode() != -1 {
		t.Fatalf("the process failed: %v\n%s", err, out)
	}
	return ok
}

func checkNumbers(t *testing.T, path string, told map[string]bool) {
	t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	bills := numbering(db)
	months, err := bills.Months()
	if err != nil || len(months) != numberedMonths {
		t.Fatalf("%d months are finalised (%v), want %d", len(months), err, numberedMonths)
	}
	next, once := map[int]int{}, map[string]bool{}
	there := map[string]bool{}
	for _, m := range months {
		for _, number := range m.Invoices {
			next[m.Month.Year]++
			if want := fmt.Sprintf("F%d-%04d", m.Month.Year, next[m.Month.Year]); number != want {
				t.Errorf("%s: invoice %s, want %s: a gap or a double", m.Month, number, want)
			}
			inv, _, err := bills.Invoice(number)
			if err != nil {
				t.Fatal(err)
			}
			if key := m.Month.String() + " " + inv.Contract; once[key] {
				t.Errorf("%s was invoiced twice", key)
			} else {
				once[key] = true
			}
			there[number] = true
		}
	}
	if want := 3*numberedMonths - 1; len(there) != want { // the third client came a month later
		t.Errorf("%s invoices, want %d", strconv.Itoa(len(there)), want)
	}
	for n := range maps.Keys(told) {
		if !there[n] {
			t.Errorf("invoice %s was told to somebody and is not there", n)
		}
	}
}
